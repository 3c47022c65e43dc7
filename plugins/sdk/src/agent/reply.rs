//! Takes the program out of the agent's reply.

use crate::{
    Draft, Error, Failure,
    host::codegen::{Finish, Reply},
};

pub(super) fn draft(reply: &Reply) -> Result<Draft, Failure> {
    let refuse = |text: &str| Err(Failure::Host(Error::Other(text.to_owned())));
    match reply.finish {
        Finish::Complete => {}
        Finish::Truncated => {
            return refuse("the model's program was cut off at its limit of tokens: ask for less in one request");
        }
        Finish::Refused => return refuse("the model declined to write this program: word the request differently"),
    }
    match code(&reply.text) {
        Some(code) => Ok(Draft { code, author: "model".to_owned(), notes: Vec::new() }),
        None => refuse("the model's reply holds no program: try again, or word the request differently"),
    }
}

/// The longest block marked as Python, else the longest block, else the text; without what the model thought aloud.
fn code(text: &str) -> Option<String> {
    let text = without_thinking(text);
    let blocks = blocks(&text);
    let longest =
        |python: bool| blocks.iter().filter(|block| block.python || !python).max_by_key(|block| block.code.len());
    let code = match longest(true).or_else(|| longest(false)) {
        Some(block) => block.code.as_str(),
        None => text.trim(),
    };
    (!code.trim().is_empty()).then(|| format!("{}\n", code.trim_end()))
}

struct Block {
    python: bool,
    code: String,
}

/// A block that is not closed goes to the end.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let mark = line.trim().strip_prefix("```");
        match (mark, open) {
            (Some(language), false) => {
                let language = language.trim().to_ascii_lowercase();
                blocks.push(Block {
                    python: matches!(language.as_str(), "python" | "py" | "python3" | "pyspark"),
                    code: String::new(),
                });
                open = true;
            }
            (Some(""), true) => open = false,
            (_, true) => {
                if let Some(block) = blocks.last_mut() {
                    block.code.push_str(line);
                    block.code.push('\n');
                }
            }
            (None, false) => {}
        }
    }
    blocks
}

fn without_thinking(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<thinking>") {
        kept.push_str(before);
        rest = after.split_once("</thinking>").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str, finish: Finish) -> Reply {
        Reply { text: text.to_owned(), finish, model: "m".to_owned(), input_tokens: 1, output_tokens: 1 }
    }

    #[test]
    fn the_python_block_is_the_program() {
        for text in [
            "Here you are:\n```python\nprint(1)\n```\nIt prints.",
            "<thinking>```python\nbad()\n```</thinking>```python\nprint(1)\n```",
            "```\nprint(1)\n```",
            "print(1)",
            "```py\nprint(1)",
            "```bash\npip install everything-there-is\n```\n```python\nprint(1)\n```",
        ] {
            assert_eq!(code(text).as_deref(), Some("print(1)\n"), "{text}");
        }
    }

    #[test]
    fn what_holds_no_whole_program_is_told() {
        for (text, finish) in [
            ("```python\nx", Finish::Truncated),
            ("no", Finish::Refused),
            (" ", Finish::Complete),
            ("<thinking>x = 1", Finish::Complete),
        ] {
            assert!(matches!(draft(&reply(text, finish)), Err(Failure::Host(Error::Other(_)))), "{text}");
        }
        assert_eq!(draft(&reply("x = 1", Finish::Complete)).unwrap().author, "model");
    }
}
