//! Two embedded faces, so that a chart looks the same on a machine without fonts. See `README.md` in this folder.

use plotters::style::{FontStyle, register_font};
use std::sync::Once;

/// The family as plotters and SVG viewers know it: the viewer takes the first name that it has.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, Bitstream Vera Sans, sans-serif";

/// Makes [`FAMILY`] known to plotters; cheap after the first call.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let faces: [(_, &'static [u8]); 2] =
            [(FontStyle::Normal, include_bytes!("sans.ttf")), (FontStyle::Bold, include_bytes!("sans-bold.ttf"))];
        for (style, bytes) in faces {
            // The error has neither `Debug` nor a message.
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded faces are whole");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{FontDesc, FontFamily};

    #[test]
    fn both_faces_measure_text() {
        register();
        let width = |style| FontDesc::new(FontFamily::Name(FAMILY), 40.0, style).box_size("28,232 ports").unwrap().0;
        assert!(width(FontStyle::Normal) > 200);
        assert!(width(FontStyle::Bold) > width(FontStyle::Normal));
    }

    #[test]
    fn the_faces_are_small_and_licensed() {
        assert!(include_bytes!("sans.ttf").len() < 40_000 && include_bytes!("sans-bold.ttf").len() < 40_000);
        assert!(include_str!("LICENSE-DejaVu.txt").contains("Bitstream Vera is a trademark"));
    }
}
