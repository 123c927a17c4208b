//! A picture of who allocates: width is bytes.

use anyhow::Context as _;
use inferno::flamegraph::{self, Options, Palette, color::BasicPalette};
use measure::HeapProfile;

/// An SVG of all bytes ever allocated, by stack.
pub fn graph(profile: &HeapProfile, job: &str) -> anyhow::Result<String> {
    let lines: Vec<String> = profile.folded().collect();
    let mut options = Options::default();
    options.title = format!("Bytes allocated by {job}");
    options.count_name = "bytes".to_owned();
    options.colors = Palette::Basic(BasicPalette::Mem);
    options.deterministic = true;
    let mut picture = Vec::new();
    if lines.is_empty() {
        // inferno refuses to draw nothing; that nothing was allocated is a good answer.
        return Ok(nothing(&options.title));
    }
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut picture)
        .context("the flame graph could not be drawn")?;
    String::from_utf8(picture).context("the flame graph is not text")
}

fn nothing(title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"60\">\
         <text x=\"10\" y=\"25\">{title}</text><text x=\"10\" y=\"45\">nothing was allocated</text>\
         </svg>\n"
    )
}
