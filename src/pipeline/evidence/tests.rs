//! Evidence through the writing thread.
