//! The text form of conditions: CEL.

/// Whether CEL keeps `word` for itself, so that no name may begin with it.
pub(crate) fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "as" | "break"
            | "const"
            | "continue"
            | "else"
            | "false"
            | "for"
            | "function"
            | "if"
            | "import"
            | "in"
            | "let"
            | "loop"
            | "null"
            | "namespace"
            | "package"
            | "return"
            | "true"
            | "var"
            | "void"
            | "while"
    )
}
