//! The guide: whoever copies its files, page by page, has the example `embed` in the end.

use std::collections::BTreeMap;

use apropos_house::Tree;

use crate::{none, tree};

/// The blocks of the guide that belong to a file, in order. A line `**name**` before a block says to which.
fn parts(tree: &Tree) -> BTreeMap<String, Vec<String>> {
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in tree.ending(".md").filter(|file| file.path.starts_with("docs/guide/")) {
        let mut file = None;
        let mut open: Option<String> = None;
        for (_, line) in page.lines() {
            match (&mut open, line.starts_with("```")) {
                (None, true) => open = Some(String::new()),
                (None, false) if line.is_empty() => {}
                (None, false) => {
                    let name = line.strip_prefix("**").and_then(|line| line.strip_suffix("**"));
                    file = name.filter(|name| !name.contains(' ')).map(str::to_owned);
                }
                (Some(block), false) => *block = format!("{block}{line}\n"),
                (Some(_), true) => {
                    let block = open.take().unwrap_or_default();
                    if let Some(file) = file.take() {
                        let file = format!("examples/embed/{}", file.trim_start_matches("src/"));
                        parts.entry(file).or_default().push(block);
                    }
                }
            }
        }
    }
    parts
}

/// How often each line stands in `text`, empty lines apart.
fn counted<'a>(text: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counted = BTreeMap::new();
    text.filter(|line| !line.trim().is_empty()).for_each(|line| *counted.entry(line).or_default() += 1);
    counted
}

#[test]
fn the_files_of_the_guide_are_those_of_the_example_embed() {
    let tree = tree();
    let parts = parts(&tree);
    let mut findings = Vec::new();
    for file in tree.all().filter(|file| file.path.starts_with("examples/embed/")) {
        let blocks = parts.get(&file.path).map(Vec::as_slice).unwrap_or_default();
        for block in blocks {
            // Each block runs through the file from top to bottom.
            let mut rest = file.text.lines();
            for line in block.lines().filter(|line| !line.is_empty()) {
                if rest.all(|known| known != line) {
                    findings.push(format!("{} lacks the line of the guide `{}`", file.path, line.trim()));
                    break;
                }
            }
        }
        let shown = counted(blocks.iter().flat_map(|block| block.lines()));
        for (line, count) in counted(file.text.lines()) {
            if shown.get(line).is_none_or(|shown| *shown < count) {
                findings.push(format!("the guide lacks the line `{}` of {}", line.trim(), file.path));
            }
        }
    }
    let known = |path: &&String| !tree.has(path);
    findings.extend(parts.keys().filter(known).map(|path| format!("{path} is in the guide only")));
    none(
        &findings,
        "The blocks of the guide that name a file are taken from examples/embed, where they are compiled and run.",
    );
}
