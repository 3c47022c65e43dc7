//! Names as lists of words, so that `total_sales`, `totalSales`, `Total-Sales` and "total sales" are one.

/// The words of a name in lower case: cut at what is neither letter nor digit, and at humps.
pub(crate) fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut previous: Option<char> = None;
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        if !c.is_alphanumeric() {
            flush(&mut part, &mut parts);
            previous = None;
            continue;
        }
        let hump = c.is_uppercase()
            && previous.is_some_and(|p| {
                p.is_lowercase() || (p.is_uppercase() && characters.peek().is_some_and(|next| next.is_lowercase()))
            });
        if hump {
            flush(&mut part, &mut parts);
        }
        part.extend(c.to_lowercase());
        previous = Some(c);
    }
    flush(&mut part, &mut parts);
    parts
}

/// A word without its English plural ending. Only good for comparing two words.
pub(crate) fn stem(word: &str) -> String {
    let cut = |end: &str| word.strip_suffix(end).filter(|rest| rest.chars().count() >= 2);
    if let Some(rest) = cut("ies") {
        return format!("{rest}y");
    }
    for end in ["sses", "shes", "ches", "xes"] {
        if let Some(rest) = cut(end) {
            return format!("{rest}{}", end.strip_suffix("es").unwrap_or_default());
        }
    }
    let singular = match cut("s") {
        Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest,
        _ => word,
    };
    // `movies` was cut to `movy` above: so is `movie`.
    singular.strip_suffix("ie").map_or_else(|| singular.to_owned(), |rest| format!("{rest}y"))
}

pub(crate) fn stems(parts: &[String]) -> Vec<String> {
    parts.iter().map(|part| stem(part)).collect()
}

/// `[a-z0-9_]+` for a name of any kind; `fallback` where nothing is left of it.
pub(crate) fn plain(name: &str, fallback: &str) -> String {
    let text = parts(name).join("_");
    let text: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    let text = text.trim_matches('_');
    if text.is_empty() { fallback.to_owned() } else { text.to_owned() }
}

/// `base`, or with a number after it where that is taken; names are compared without case, as engines do.
pub(crate) fn unique<'a>(base: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let is_taken = |name: &str| taken.clone().any(|other| other.to_lowercase() == name.to_lowercase());
    if !is_taken(base) {
        return base.to_owned();
    }
    (2u32..).map(|n| format!("{base}_{n}")).find(|name| !is_taken(name)).unwrap_or_default()
}

fn flush(part: &mut String, parts: &mut Vec<String>) {
    if !part.is_empty() {
        parts.push(std::mem::take(part));
    }
}
