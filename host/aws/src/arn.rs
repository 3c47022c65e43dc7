//! Places and texts in the words of a policy.

use enginehouse_capabilities::ObjectUri;

/// An object, or all that lies below a prefix, as a policy names it. `partition` is `aws`, `aws-cn` and the like.
pub(crate) fn of_objects(uri: &ObjectUri, partition: &str) -> String {
    let all = if uri.is_prefix() { "*" } else { "" };
    format!("arn:{partition}:s3:::{}/{}{all}", uri.bucket(), escaped(uri.key()))
}

/// Characters of a key that a policy would read as a pattern or a variable.
pub(crate) fn escaped(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for character in key.chars() {
        match character {
            '*' | '?' | '$' => text.extend(['$', '{', character, '}']),
            _ => text.push(character),
        }
    }
    text
}

/// The same JSON without a character beyond ASCII, since a policy takes few of them.
pub(crate) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character.is_ascii() {
            true => text.push(character),
            false => text.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    text
}
