//! Tables, and what is made of them: CSV, charts, the run folder. Knows tables, never the world.

pub mod table;

pub use table::{Cell, Table};
