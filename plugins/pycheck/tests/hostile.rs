//! No text makes the rules panic: every prefix of the corpus, bytes changed at random, and deep nesting on a small stack.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this file is a test"
)]

use std::{fs, path::Path, thread};

use enginehouse_pycheck::{Policy, Program, Syntax, check};

fn answer(code: &str) -> usize {
    match Syntax::parse(code) {
        Ok(syntax) => check(&Program::read(&syntax), &Policy { modules: &["pyspark"], ..Policy::default() }).len(),
        Err(findings) => {
            assert!(!findings.is_empty(), "an error without a finding: {code:?}");
            findings.len()
        }
    }
}

fn corpus() -> Vec<String> {
    let folder = Path::new("tests/corpus");
    let programs = fs::read_dir(folder).expect("the corpus is there").map(|entry| entry.expect("an entry").path());
    programs.map(|path| fs::read_to_string(path).expect("text")).collect()
}

#[test]
fn every_prefix_is_answered() {
    for code in corpus() {
        for end in (0..=code.len()).filter(|end| code.is_char_boundary(*end)) {
            answer(&code[..end]);
        }
    }
}

#[test]
fn changed_bytes_are_answered() {
    // A plain linear congruential generator: the same changes in every run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let alphabet = b"()[]{}'\"\\\n\t :=.,*@#f`;\0\xc3\xa9lambda if else";
    for code in corpus() {
        for _ in 0..200 {
            let mut bytes = code.clone().into_bytes();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(3) {
                    0 => bytes[at] = alphabet[next(alphabet.len())],
                    1 => bytes.insert(at, alphabet[next(alphabet.len())]),
                    _ => drop(bytes.remove(at)),
                }
            }
            answer(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn depth_stays_within_a_guests_stack() {
    let n = 90;
    let mut programs = vec![
        format!("x = {}1{}\n", "(".repeat(110), ")".repeat(110)),
        format!("x = {}1{}\n", "f(".repeat(110), ")".repeat(110)),
        format!("x = {}1{}\n", "[".repeat(110), "]".repeat(110)),
        format!("x = {}1\n", "not ".repeat(110)),
        format!("x = {}1\n", "lambda: ".repeat(50)),
        format!("x = a{}\n", ".b()".repeat(390)),
        format!("x = 1{}\n", " + a".repeat(390)),
        format!("x = 1{}\n", " * a".repeat(390)),
    ];
    let ifs: String = (0..n).map(|i| format!("{}if x{i}:\n", " ".repeat(i))).collect();
    programs.push(format!("{ifs}{}y = {}1{}\n", " ".repeat(n), "(".repeat(100), ")".repeat(100)));
    let defs: String = (0..n).map(|i| format!("{}def f{i}():\n", " ".repeat(i))).collect();
    programs.push(format!("{defs}{}return f0\n", " ".repeat(n)));
    programs.push((0..3000).map(|i| format!("a{} = a{i}\n", i + 1)).collect());
    programs.push((0..2000).map(|i| format!("def f{i}():\n    return f{}()\n", i + 1)).collect::<String>() + "f0()\n");
    programs.push(format!("x = 'a'\n{}", "x = x + x\n".repeat(500)));
    programs.push(format!(
        "for i in y:\n    a = b = c = 1\n{}",
        "    a = b.x() if i else c.y()\n    b = c.z() if i else a.w()\n    c = a.v() if i else b.u()\n".repeat(100)
    ));
    for code in programs {
        let small = thread::Builder::new().stack_size(1 << 20);
        small.spawn(move || assert!(answer(&code) < 4000)).unwrap().join().unwrap();
    }
}
