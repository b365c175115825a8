//! The page: head, style, sections in the order they were added.
//!
//! Not here: what stands in a section.

use std::fmt::Write;

/// A report in progress.
///
/// ```
/// use apropos_evaluate::report::Page;
///
/// let page = Page::new("Would the new policy have worked?", "Log of 1 March 2026").render();
/// assert!(page.starts_with("<!doctype html>"));
/// assert!(!page.contains("http"));
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    subtitle: String,
    pub(super) verdict: Vec<(Tone, String)>,
    /// Whether the first sentence is the answer, and the others say what it rests on.
    pub(super) led: bool,
    pub(super) sections: Vec<String>,
}

/// The mood of a sentence, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Open,
    Bad,
}

impl Page {
    /// An empty page. The subtitle says which data and when; a library has no clock to ask.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: subtitle.into(),
            verdict: Vec::new(),
            led: false,
            sections: Vec::new(),
        }
    }

    pub(super) fn section(&mut self, title: &str, lead: &str, body: &str) {
        self.sections.push(format!(
            "<section><h2>{}</h2><p class=\"lead\">{}</p>{body}</section>",
            escape(title),
            escape(lead)
        ));
    }

    /// The whole page as HTML.
    pub fn render(&self) -> String {
        let title = escape(&self.title);
        let mut sentences = String::new();
        for (tone, sentence) in &self.verdict {
            let class = match tone {
                Tone::Good => "good",
                Tone::Open => "open",
                Tone::Bad => "bad",
            };
            // Writing to a string cannot fail.
            let _ = write!(sentences, "<li class=\"{class}\">{}</li>", escape(sentence));
        }
        let verdict = if sentences.is_empty() {
            String::new()
        } else {
            let class = if self.led { "verdict led" } else { "verdict" };
            format!("<ul class=\"{class}\">{sentences}</ul>")
        };
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><header><h1>{title}</h1><p>{}</p></header>{verdict}{}\
             <footer>Thick bars are 95 % intervals for one look at this number of rows. Thin lines are confidence sequences: \
             they hold at every moment, also when the log is watched while it grows; an arrow says that they go on beyond \
             the picture.</footer></main></body></html>\n",
            escape(&self.subtitle),
            self.sections.concat()
        )
    }
}

/// Text that cannot be taken for markup.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

const STYLE: &str = "\
:root{--paper:#fbfaf7;--card:#fff;--ink:#1d2733;--soft:#66707c;--rule:#e3e0d8;--main:#0f6e67;--pale:#9fd3cc;\
--mist:#e4f1ef;--warm:#b4540a;--warmpale:#f1c9a5;--good:#15803d;--bad:#b42318;--open:#a16207}\
@media(prefers-color-scheme:dark){:root{--paper:#12171d;--card:#1a2129;--ink:#e6e9ec;--soft:#98a2ad;--rule:#2c3640;\
--main:#4fc3b5;--pale:#2b6f68;--mist:#1d3835;--warm:#f0a35e;--warmpale:#6b4526;--good:#4ade80;--bad:#f87171;--open:#facc15}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);\
font:16px/1.55 'Inter',system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
main{max-width:920px;margin:0 auto;padding:48px 24px 64px}\
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.02em}header p{margin:0;color:var(--soft)}\
h2{font-size:19px;margin:0 0 4px;letter-spacing:-.01em}\
.lead{margin:0 0 16px;color:var(--soft);max-width:68ch}\
section{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:24px 26px;margin-top:20px}\
.verdict{list-style:none;margin:26px 0 0;padding:0;display:grid;gap:10px}\
.verdict li{padding:12px 18px;border-left:4px solid;border-radius:6px;background:var(--card)}\
.verdict.led li:first-child{font-size:18px;font-weight:600;line-height:1.45}.verdict .good{border-color:var(--good)}.verdict .open{border-color:var(--open)}.verdict .bad{border-color:var(--bad)}\
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:4px 0 8px}\
.tile{background:var(--mist);border-radius:10px;padding:12px 14px}.tile b{display:block;font-size:22px;letter-spacing:-.01em}\
.tile span{color:var(--soft);font-size:13px}\
svg{width:100%;min-width:620px;height:auto;display:block}\
svg text{fill:var(--ink);font-size:13px}svg .soft{fill:var(--soft);font-size:12px}svg .end{fill:var(--soft);font-size:12px;\
font-variant-numeric:tabular-nums}\
.grid{stroke:var(--rule);stroke-width:1}.base{stroke:var(--warm);stroke-width:1.5;stroke-dasharray:5 4}\
.basetext{fill:var(--warm)!important;font-size:12px!important}\
.ci{stroke:var(--main);stroke-width:7;stroke-linecap:round;opacity:.85}.cs{stroke:var(--pale);stroke-width:3;stroke-linecap:round}\
.dot{fill:var(--card);stroke:var(--main);stroke-width:2.5}.fill{fill:var(--main);opacity:.85}.fillpale{fill:var(--pale)}\
.fillwarm{fill:var(--warmpale)}.curve{fill:none;stroke:var(--main);stroke-width:2.5;stroke-linejoin:round}\
.curve.second{stroke:var(--warm)}.curve.third{stroke:var(--soft)}.chord{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 4}\
.csend{fill:var(--pale)}.zero{stroke:var(--soft);stroke-width:1}.whisker{stroke:var(--main);stroke-width:1.5;opacity:.6}\
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums;margin-top:14px}\
th,td{padding:6px 8px;text-align:right;border-bottom:1px solid var(--rule)}th{color:var(--soft);font-weight:500}\
th:first-child,td:first-child{text-align:left}tr:last-child td{border-bottom:0}\
.key{color:var(--soft);font-size:13px;margin:10px 0 0}.key i{display:inline-block;width:12px;height:12px;border-radius:3px;\
margin:0 6px 0 14px;vertical-align:-1px}.key i:first-child{margin-left:0}\
.wide{overflow-x:auto}footer{color:var(--soft);font-size:13px;margin-top:26px;max-width:72ch}\
@media(max-width:600px){main{padding:28px 12px 40px}section{padding:18px 14px}h1{font-size:24px}}@media print{body{background:#fff}section{break-inside:avoid}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let page = Page::new("<script>alert(1)</script>", "a & b").render();
        assert!(!page.contains("<script>"));
        assert!(page.contains("a &amp; b"));
    }
}
