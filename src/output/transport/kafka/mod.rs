//! Kafka, by way of librdkafka: idempotent, compressed, every event acknowledged by all replicas that are in sync.
//!
//! | module | what it is for |
//! |---|---|
//! | `settings` | address and options become the producer's configuration |
//! | `heard` | what the producer tells: what has arrived, and what is wrong with the brokers |
//!
//! The producer has threads of its own, so it begins with the first use and not before rights are given up. While a broker
//! is away for a moment, or a partition moves, it tries again by itself, in order. Once nothing goes, it is thrown away
//! with all that waits in it: what has not arrived is sent anew by another, under the same ids.

mod heard;
mod settings;

use super::super::batch::{Event, Kind};
use super::super::options::Options;
use super::super::parcel::Parcel;
use super::{Receipt, Setback, Transport};
use heard::Ears;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use settings::Settings;
use std::time::{Duration, Instant};

/// So long nothing may arrive while no broker can be reached, until it is said.
const PATIENCE: Duration = Duration::from_secs(5);
/// So long nothing may arrive at all. By then librdkafka has given up by itself (`message.timeout.ms`).
const LONGEST: Duration = Duration::from_secs(60);
/// The brokers are asked about the topic for so long, and so long where they cannot be reached.
const CONTACT: Duration = Duration::from_secs(10);
const CONTACT_DOWN: Duration = Duration::from_secs(2);
/// One question to the brokers.
const QUESTION: Duration = Duration::from_millis(500);
/// How often it is looked whether something has arrived.
const TURN: Duration = Duration::from_millis(1);
/// So many bytes are in a batch, and how many fewer when a broker refuses one. Fewer than the last is a single event.
const BATCH_BYTES: u32 = 1_000_000;
const SMALLER: u32 = 8;
const SMALLEST: u32 = BATCH_BYTES / SMALLER / SMALLER / SMALLER;

type Producer = BaseProducer<Ears>;

/// A Kafka sink.
#[derive(Debug)]
pub(super) struct Kafka {
    settings: Settings,
    producer: Option<Running>,
    batch_bytes: u32,
}

/// A producer at work.
struct Running(Producer);

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Running")
    }
}

impl Kafka {
    /// A sink of which nothing was asked yet.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub(super) fn prepare(rest: &str, options: &mut Options) -> Result<Self, String> {
        Ok(Self { settings: Settings::take(rest, options)?, producer: None, batch_bytes: BATCH_BYTES })
    }

    /// The producer, begun where there is none, and the settings.
    fn begun(&mut self) -> Result<(&Producer, &Settings), Setback> {
        if self.producer.is_none() {
            let mut config = self.settings.producer.clone();
            config.set("batch.size", self.batch_bytes.to_string());
            let created = config.create_with_context(Ears::default());
            self.producer = Some(Running(created.map_err(|error| Setback::new(settings::mistake(&error)))?));
        }
        let Running(producer) = self.producer.as_ref().ok_or_else(|| Setback::new("no producer"))?;
        Ok((producer, &self.settings))
    }

    /// Sends what is pending and waits for the answers.
    fn send(&mut self, parcel: &mut Parcel) -> Result<(), Setback> {
        let single = self.batch_bytes <= SMALLEST;
        let (producer, settings) = self.begun()?;
        let mut sending =
            Sending { producer, settings, single, under_way: 0, too_large: Vec::new(), last: Instant::now() };
        let sent = sending.enqueue(parcel).and_then(|()| sending.wait());
        sending.too_large.drain(..).for_each(|place| parcel.reject(place, || "it is too large for Kafka".into()));
        let reports = std::mem::take(&mut producer.context().heard().reports);
        let mut failed = None;
        for (place, code) in reports {
            match code {
                None => parcel.take(place),
                Some(code) if is_hopeless(code, single) => parcel.reject(place, || refused(code)),
                Some(code) => _ = failed.get_or_insert((place, code)),
            }
        }
        sent?;
        let Some((place, code)) = failed else { return Ok(()) };
        let kind = parcel.pending().find(|(at, _)| *at == place).map_or(Kind::Handshake, |(_, event)| event.mark.kind);
        let setback = setback(code, settings.topic(kind), producer);
        if is_too_large(code) {
            self.batch_bytes /= SMALLER;
        }
        Err(setback)
    }

    /// Asks for the topic of handshakes until it is there.
    fn ask(&mut self) -> Result<String, Setback> {
        let (producer, settings) = self.begun()?;
        let topic = settings.topic(Kind::Handshake);
        let began = Instant::now();
        loop {
            let found = producer.client().fetch_metadata(Some(topic), QUESTION);
            while listen(producer) {}
            let over = began.elapsed() >= CONTACT;
            match found {
                Ok(found) => match found.topics().first().map(state).unwrap_or(Err(Code::UnknownTopic)) {
                    Ok(partitions) => {
                        let brokers = found.brokers().len();
                        return Ok(format!("{brokers} brokers; {topic} has {partitions} partitions"));
                    }
                    Err(Code::TopicAuthorizationFailed) => {
                        return Err(setback(Code::TopicAuthorizationFailed, topic, producer));
                    }
                    Err(code) if began.elapsed() >= PATIENCE => return Err(setback(code, topic, producer)),
                    Err(_) => std::thread::sleep(QUESTION / 2),
                },
                Err(_) => {
                    let heard = producer.context().heard();
                    if over || heard.all_down && began.elapsed() >= CONTACT_DOWN {
                        return Err(Setback::new(heard.why()));
                    }
                }
            }
        }
    }

    /// After a setback nothing of what waits may be sent: the next producer begins where this one has not arrived.
    fn or_begin_anew<T>(&mut self, done: Result<T, Setback>) -> Result<T, Setback> {
        if done.is_err() {
            self.producer = None;
        }
        done
    }
}

impl Transport for Kafka {
    fn contact(&mut self) -> Result<String, Setback> {
        let found = self.ask();
        self.or_begin_anew(found)
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        let sent = self.send(parcel);
        self.or_begin_anew(sent)?;
        Ok(Receipt::Acknowledged)
    }

    fn idle(&mut self) -> Result<bool, Setback> {
        if let Some(Running(producer)) = &self.producer {
            while listen(producer) {}
        }
        Ok(false)
    }
}

/// A parcel on its way into the producer and out of it.
struct Sending<'a> {
    producer: &'a Producer,
    settings: &'a Settings,
    /// Each event is a batch of its own.
    single: bool,
    /// Events that the producer has taken.
    under_way: usize,
    /// Places of those that it will never take.
    too_large: Vec<usize>,
    /// When something last went.
    last: Instant,
}

impl Sending<'_> {
    /// Gives the producer all that is pending, in order.
    fn enqueue(&mut self, parcel: &Parcel) -> Result<(), Setback> {
        parcel.pending().try_for_each(|(place, event)| self.hand_over(place, event))
    }

    fn hand_over(&mut self, place: usize, event: Event<'_>) -> Result<(), Setback> {
        let Event { mark, line } = event;
        let topic = self.settings.topic(mark.kind);
        let headers = OwnedHeaders::new_with_capacity(2)
            .insert(Header { key: "id", value: Some(mark.id.as_str()) })
            .insert(Header { key: "kind", value: Some(mark.kind.name()) });
        let record = BaseRecord::with_opaque_to(topic, place).payload(line).headers(headers);
        let mut record = record.timestamp((mark.micros / 1000) as i64);
        record.key = self.settings.key(mark);
        loop {
            let Err((error, refused)) = self.producer.send(record) else {
                self.under_way += 1;
                return Ok(());
            };
            match error.rdkafka_error_code().unwrap_or(Code::Fail) {
                Code::QueueFull => self.turn()?,
                Code::MessageSizeTooLarge => {
                    self.too_large.push(place);
                    return Ok(());
                }
                code => return Err(setback(code, topic, self.producer)),
            }
            record = refused;
        }
    }

    /// Waits until the producer has reported on all that it took, or one report is bad.
    fn wait(&mut self) -> Result<(), Setback> {
        loop {
            {
                let heard = self.producer.context().heard();
                let bad = |code: &Option<Code>| code.is_some_and(|code| !is_hopeless(code, self.single));
                if heard.reports.len() >= self.under_way || heard.reports.iter().any(|(_, code)| bad(code)) {
                    return Ok(());
                }
            }
            self.turn()?;
        }
    }

    /// Takes what there is to hear, and waits a little where there is nothing.
    fn turn(&mut self) -> Result<(), Setback> {
        let arrived = |producer: &Producer| producer.context().heard().reports.len();
        let before = arrived(self.producer);
        if listen(self.producer) {
            if arrived(self.producer) > before {
                self.last = Instant::now();
            }
            return Ok(());
        }
        let silent = self.last.elapsed();
        let heard = self.producer.context().heard();
        if silent >= LONGEST || heard.all_down && silent >= PATIENCE {
            return Err(Setback::new(heard.why()));
        }
        drop(heard);
        std::thread::sleep(TURN);
        Ok(())
    }
}

/// Takes one thing that the producer has to tell; false where there is none.
fn listen(producer: &Producer) -> bool {
    let heard = || producer.context().heard().count;
    let before = heard();
    producer.poll(Duration::ZERO);
    heard() != before
}

/// How many partitions a topic has, if it is there.
fn state(topic: &MetadataTopic) -> Result<usize, Code> {
    match topic.error() {
        Some(error) => Err(error.into()),
        None if topic.partitions().is_empty() => Err(Code::UnknownTopic),
        None => Ok(topic.partitions().len()),
    }
}

/// A batch is larger than the broker allows.
fn is_too_large(code: Code) -> bool {
    matches!(code, Code::MessageSizeTooLarge | Code::MessageBatchTooLarge)
}

/// The event will never be taken. One that is too large is alone in its batch.
fn is_hopeless(code: Code, single: bool) -> bool {
    matches!(code, Code::InvalidTimestamp | Code::InvalidRecord) || single && is_too_large(code)
}

fn refused(code: Code) -> String {
    match code {
        Code::InvalidTimestamp => "the broker takes no event of that time (message.timestamp.before.max.ms)".into(),
        code if is_too_large(code) => "it is larger than the topic allows (max.message.bytes)".into(),
        code => format!("the broker refuses it: {code}"),
    }
}

/// Why an event has not arrived, in plain words.
fn setback(code: Code, topic: &str, producer: &Producer) -> Setback {
    Setback::new(match code {
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition | Code::LeaderNotAvailable => {
            format!("there is no topic {topic}, and the brokers do not make it; create it")
        }
        Code::TopicAuthorizationFailed => format!("this user may not write to the topic {topic}"),
        Code::ClusterAuthorizationFailed => {
            "this user may not write idempotently; brokers before 3.0 want IdempotentWrite on the cluster for that"
                .into()
        }
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend => {
            format!("the topic {topic} has fewer replicas in sync than it wants (min.insync.replicas)")
        }
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => {
            "the broker refuses batches of this size; smaller ones are sent".into()
        }
        Code::Fatal => match producer.client().fatal_error() {
            Some((Code::ClusterAuthorizationFailed, _)) => {
                return setback(Code::ClusterAuthorizationFailed, topic, producer);
            }
            Some((_, what)) => what,
            None => code.to_string(),
        },
        Code::MessageTimedOut | Code::BrokerTransportFailure | Code::AllBrokersDown => producer.context().heard().why(),
        other => format!("the brokers have not taken it: {other}"),
    })
}
