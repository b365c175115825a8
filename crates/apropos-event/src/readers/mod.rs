//! Reading events from the field's formats: CloudEvents 1.0 JSON and the Segment calls.
//!
//! A reader accepts bytes and the instant of receipt, and gives an event or a typed error; nothing in between.
//! What a format says that our event has no place for becomes a property: nothing is lost.

mod cloudevents;
mod fields;
mod segment;
