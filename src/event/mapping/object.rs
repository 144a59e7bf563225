//! Objects written as tables, row by row. No tree of values is built: a table is a type of its own, and serialized as
//! it is.

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// A JSON object as a table. Values are expressions that serialize.
///
/// - `"key": value` is always written.
/// - `"key"?: value` is an [`Option`], and written where there is something.
/// - `"key": { … }` is an object, and left out where it would be empty.
/// - `..table` puts the rows of another table here, where it is [`Some`].
macro_rules! object {
    ($($rows:tt)*) => { $crate::event::mapping::object::Object(rows!($($rows)*)) };
}

/// The rows of an object, each with those that follow it.
macro_rules! rows {
    () => { () };
    ($key:literal: { $($inner:tt)* }, $($rest:tt)*) => {
        $crate::event::mapping::object::Row($key, object!($($inner)*), rows!($($rest)*))
    };
    (..$table:expr, $($rest:tt)*) => {
        $crate::event::mapping::object::Spread($table, rows!($($rest)*))
    };
    ($key:literal?: $value:expr, $($rest:tt)*) => {
        $crate::event::mapping::object::Row($key, $value, rows!($($rest)*))
    };
    ($key:literal: $value:expr, $($rest:tt)*) => {
        $crate::event::mapping::object::Row($key, $crate::event::mapping::object::Always($value), rows!($($rest)*))
    };
}

/// A list that has something in it.
pub(super) fn filled<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

/// An object with these rows.
#[derive(Debug)]
pub(super) struct Object<R>(pub(super) R);

/// A key, its value, and the rows after it.
#[derive(Debug)]
pub(super) struct Row<V, R>(pub(super) &'static str, pub(super) V, pub(super) R);

/// The rows of another object, and the rows after them.
#[derive(Debug)]
pub(super) struct Spread<R, S>(pub(super) Option<Object<R>>, pub(super) S);

/// A value that is there.
#[derive(Debug)]
pub(super) struct Always<V>(pub(super) V);

/// What a row can hold.
pub(super) trait Value {
    /// True where the row is left out.
    fn is_absent(&self) -> bool;

    /// Writes key and value.
    fn write<S: SerializeStruct>(&self, key: &'static str, object: &mut S) -> Result<(), S::Error>;
}

impl<V: Serialize> Value for Always<V> {
    fn is_absent(&self) -> bool {
        false
    }

    fn write<S: SerializeStruct>(&self, key: &'static str, object: &mut S) -> Result<(), S::Error> {
        object.serialize_field(key, &self.0)
    }
}

impl<V: Serialize> Value for Option<V> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: SerializeStruct>(&self, key: &'static str, object: &mut S) -> Result<(), S::Error> {
        object.serialize_field(key, self)
    }
}

impl<R: Rows> Value for Object<R> {
    fn is_absent(&self) -> bool {
        self.0.count() == 0
    }

    fn write<S: SerializeStruct>(&self, key: &'static str, object: &mut S) -> Result<(), S::Error> {
        object.serialize_field(key, self)
    }
}

/// Rows, one after the other.
pub(super) trait Rows {
    /// How many are there.
    fn count(&self) -> usize;

    /// Writes those that are there.
    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error>;
}

impl Rows for () {
    fn count(&self) -> usize {
        0
    }

    fn write<S: SerializeStruct>(&self, _: &mut S) -> Result<(), S::Error> {
        Ok(())
    }
}

impl<V: Value, R: Rows> Rows for Row<V, R> {
    fn count(&self) -> usize {
        usize::from(!self.1.is_absent()) + self.2.count()
    }

    fn write<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        let Self(key, value, rest) = self;
        if !value.is_absent() {
            value.write(key, object)?;
        }
        rest.write(object)
    }
}

impl<R: Rows, S: Rows> Rows for Spread<R, S> {
    fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |table| table.0.count()) + self.1.count()
    }

    fn write<T: SerializeStruct>(&self, object: &mut T) -> Result<(), T::Error> {
        self.0.as_ref().map_or(Ok(()), |table| table.0.write(object))?;
        self.1.write(object)
    }
}

impl<R: Rows> Object<R> {
    /// Nothing where it would be empty.
    pub(super) fn filled(self) -> Option<Self> {
        (self.0.count() > 0).then_some(self)
    }
}

impl<R: Rows> Serialize for Object<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("", self.0.count())?;
        self.0.write(&mut object)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_absent_has_no_key_and_an_object_of_it_neither() {
        let (nothing, something) = (None::<u8>, Some([1, 2]));
        let object = object! {
            "a": "always",
            "b"?: nothing,
            "c"?: something,
            "d": { "e"?: nothing, "f": { "g"?: nothing, }, },
            "h": { "i"?: nothing, "j": { "k": 7, }, },
        };
        let json = serde_json::to_string(&object).expect("it serializes");
        assert_eq!(json, r#"{"a":"always","c":[1,2],"h":{"j":{"k":7}}}"#);
    }

    #[test]
    fn the_rows_of_another_table_stand_among_its_own() {
        let other = |there: bool| there.then_some(object! { "b": 2, "c"?: None::<u8>, });
        let json = |there| serde_json::to_string(&object! { "a": 1, ..other(there), "d": 4, }).expect("it serializes");
        assert_eq!([json(true), json(false)], [r#"{"a":1,"b":2,"d":4}"#, r#"{"a":1,"d":4}"#]);
    }
}
