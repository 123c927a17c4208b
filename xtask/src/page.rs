//! Something to read: on a terminal, in a pull request, in a browser.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use measure::table;

use crate::failure::Failure;
use crate::tables::wrapped;

/// A title, and what there is to say below it.
pub struct Page {
    pub title: String,
    pub sections: Vec<Section>,
}

/// What is said of one thing.
pub struct Section {
    pub title: String,
    pub parts: Vec<Part>,
}

/// A paragraph, or a table.
pub enum Part {
    Text(String),
    Table(Grid),
}

/// Rows under a header.
pub struct Grid {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// How a page is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
    Html,
}

impl Grid {
    pub fn new(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self { header: header.iter().map(ToString::to_string).collect(), rows }
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        table::render(&header, &self.rows)
    }

    fn markdown(&self) -> String {
        // A bar would end its cell.
        let cell = |text: &String| text.replace('|', "\\|");
        let line = |cells: &[String]| {
            format!("| {} |\n", cells.iter().map(cell).collect::<Vec<_>>().join(" | "))
        };
        let rule: Vec<String> = self.header.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{}{rows}", line(&self.header), line(&rule))
    }

    fn html(&self) -> Markup {
        html! {
            table {
                thead { tr { @for cell in &self.header { th { (cell) } } } }
                tbody { @for row in &self.rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}

impl Part {
    fn shown(&self, form: Form) -> String {
        match (self, form) {
            (Self::Text(text), Form::Text) => wrapped(text),
            (Self::Text(text), Form::Markdown) => format!("{text}\n"),
            (Self::Text(text), Form::Html) => html! { p { (text) } }.into_string(),
            (Self::Table(grid), Form::Text) => grid.text(),
            (Self::Table(grid), Form::Markdown) => grid.markdown(),
            (Self::Table(grid), Form::Html) => grid.html().into_string(),
        }
    }
}

impl Section {
    pub fn shown(&self, form: Form) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| part.shown(form)).collect();
        match form {
            Form::Text => format!("\n{}\n{}\n", self.title, parts.join("\n")),
            Form::Markdown => format!("\n## {}\n\n{}", self.title, parts.join("\n")),
            Form::Html => {
                html! { section { h2 { (self.title) } (PreEscaped(parts.concat())) } }.into_string()
            }
        }
    }
}

/// Writes a text to a file, or shows it if none is named. Under a temporary name first: readers see the
/// old text or the new one.
pub fn write(text: &str, path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else {
        print!("{text}");
        return Ok(());
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder)
        .and_then(|file| fs::write(file.path(), text).map(|()| file))
        .and_then(|file| file.persist(path).map_err(|error| error.error));
    written.with_context(|| format!("{}: cannot be written", path.display()))?;
    eprintln!("{}", path.display());
    Ok(())
}

/// Readable on paper as well; nothing is fetched from anywhere.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;\
    padding:0 1rem;color:#1c2128}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;\
    border-bottom:1px solid #d0d7de}table{border-collapse:collapse;margin:.8rem 0;font-size:13px;\
    font-variant-numeric:tabular-nums;display:block;overflow-x:auto}th,td{padding:.25rem .7rem;\
    text-align:left;border-bottom:1px solid #eaeef2;vertical-align:top}th{background:#f6f8fa}";

impl Page {
    /// The whole page.
    pub fn shown(&self, form: Form) -> String {
        let sections: String = self.sections.iter().map(|section| section.shown(form)).collect();
        match form {
            Form::Text => format!("{}\n{sections}", self.title),
            Form::Markdown => format!("# {}\n{sections}", self.title),
            Form::Html => html! {
                (DOCTYPE)
                html lang="en" {
                    head {
                        meta charset="utf-8";
                        meta name="viewport" content="width=device-width";
                        title { (self.title) }
                        style { (PreEscaped(STYLE)) }
                    }
                    body { h1 { (self.title) } (PreEscaped(sections)) }
                }
            }
            .into_string(),
        }
    }
}
