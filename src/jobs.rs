//! What Followthrough does in its own time: the durable queue, and one file per kind of job.

pub mod queue;
