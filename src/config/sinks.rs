//! From sinks as they are named to sinks that can be opened: what each gets, in which words, and what is wrong with that.

use super::Settings;
use crate::diagnosis::Cause;
use crate::event::{self, Detail, Format, OutcomeName, Rendering, Selection};
use crate::output::{Options, Place, Prepared, Scheme, Target};
use crate::pipeline::SinkPlan;
use std::str::FromStr;

/// What sinks get that say nothing of it themselves.
#[derive(Clone, Debug)]
pub(super) struct Usual {
    /// How events are written, where that was said.
    pub(super) format: Option<Format>,
    /// How much they tell, where that was said.
    pub(super) detail: Option<Detail>,
    /// Which of their fields, where that was said.
    pub(super) fields: Option<event::Fields>,
    /// Incidents are written too.
    pub(super) incidents: bool,
}

impl Usual {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            format: settings.format,
            detail: settings.detail,
            fields: settings.fields.clone(),
            incidents: settings.incidents,
        }
    }

    /// A sink that can be opened.
    ///
    /// # Errors
    /// A mistake of the user, in one line that begins with the sink's name.
    pub(super) fn plan(&self, target: &Target) -> Result<SinkPlan, String> {
        let mut options = Options::new(target.options.clone());
        let _ = options.text("name")?;
        let name = target.name();
        self.plan_named(&name, target.place.clone(), options).map_err(|error| format!("{name}: {error}"))
    }

    fn plan_named(&self, name: &str, place: Place, mut options: Options) -> Result<SinkPlan, String> {
        let elsewhere = matches!(place, Place::Receiver(..));
        let columns = matches!(place, Place::Parquet(_));
        let format: Option<Format> = options.parsed("format")?;
        if columns && format.is_some_and(|format| format != Format::Native) {
            return Err("Parquet has columns of its own; leave the option format out".into());
        }
        let usual = self.format.filter(|_| !columns);
        let format = format.or(usual).unwrap_or_else(|| usual_format(&place));
        let detail = options.parsed("detail")?.or(self.detail);
        let detail = detail.unwrap_or(if elsewhere { Detail::Brief } else { Detail::Normal });
        // Of columns who reads them takes what is wanted.
        let fields = if columns { None } else { options.parsed("fields")?.or_else(|| self.fields.clone()) };
        let rendering = Rendering::new(format, detail, fields)?;
        let incidents = options.flag("incidents")?.unwrap_or(self.incidents);
        if incidents && !rendering.has_incidents() {
            return Err(
                "this format has no place for incidents; leave --incidents out, or choose another format".into()
            );
        }
        let selection = selection(&mut options)?;
        let prepared = Prepared::new(place, &mut options)?;
        if prepared.wants_json() && !rendering.is_json() {
            return Err("it takes JSON; choose format=ecs, native, ocsf, zeek or eve".into());
        }
        options.finish()?;
        Ok(SinkPlan { name: name.to_owned(), prepared, rendering, selection, incidents })
    }
}

/// What search engines expect, and JSON of our own everywhere else.
fn usual_format(place: &Place) -> Format {
    match place {
        Place::Receiver(Scheme::Elasticsearch { .. } | Scheme::OpenSearch { .. }, _) => Format::Ecs,
        _ => Format::default(),
    }
}

/// Which handshakes a sink gets.
pub(super) fn selection(options: &mut Options) -> Result<Selection, String> {
    /// A cause by its code.
    struct Code(Cause);

    impl FromStr for Code {
        type Err = String;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            event::cause(text).map(Self)
        }
    }

    Ok(Selection {
        outcomes: options.list::<OutcomeName>("only")?.into_iter().map(|outcome| outcome.0).collect(),
        causes: options.list::<Code>("cause")?.into_iter().map(|code| code.0).collect(),
        servers: options.list("server")?,
        names: options.list("sni")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Outcome;

    const USUAL: Usual = Usual { format: None, detail: None, fields: None, incidents: false };

    fn plan(text: &str) -> Result<SinkPlan, String> {
        USUAL.plan(&text.parse().expect("a sink"))
    }

    #[test]
    fn each_sink_has_its_own_format_detail_and_filter() {
        let sink = plan("file:a?format=ecs&detail=brief&only=failed,abandoned&sni=*.example.org").expect("a plan");
        assert_eq!(sink.rendering, Rendering::new(Format::Ecs, Detail::Brief, None).expect("a rendering"));
        assert_eq!(sink.selection.outcomes, [Outcome::Failed, Outcome::Abandoned]);
        assert_eq!((sink.name.as_str(), sink.selection.names.len()), ("a", 1));
        assert_eq!(plan("file:a?name=mine").expect("a plan").name, "mine");
    }

    #[test]
    #[cfg(feature = "kafka")]
    fn the_sinks_of_the_example_make_sense() {
        let example = include_str!("../../contrib/tlscribe.toml");
        let sinks = example.split_once("\n#[[sink]]").expect("sinks").1;
        let sinks = sinks.split("\n# ----").next().expect("sinks").replace("\n#", "\n");
        // A variable that is set everywhere.
        let text = format!("[[sink]]{sinks}").replace("SPLUNK_TOKEN", "PATH");
        let file = super::super::File::of("tlscribe.toml".as_ref(), &text).expect("it is TOML");
        assert_eq!(file.sinks.len(), 3);
        for (place, target) in &file.sinks {
            assert!(USUAL.plan(target).is_ok(), "{place}: {:?}", USUAL.plan(target));
        }
    }

    #[test]
    fn mistakes_begin_with_the_sinks_name() {
        let mistake = |text: &str| plan(text).expect_err("a mistake");
        assert_eq!(mistake("file:a?fromat=ecs"), "a: it has no option fromat; did you mean format?");
        assert!(mistake("file:a?format=xml").starts_with("a: format=xml: "));
        assert!(mistake("file:a?format=zeek&incidents=true").contains("no place for incidents"));
        assert!(mistake("opensearch+http://localhost?format=cef").contains("takes JSON"));
        assert!(mistake("parquet:a?format=ecs").contains("columns of its own"));
        assert!(mistake("parquet:a?fields=sni").contains("no option fields"));
        assert!(mistake("file:a?cause=certificate_expird").contains("certificate_expired"));
    }
}
