//! What every object store promises.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future, stream};

use crate::{ByteStream, Error, MAX_PRESIGNED, ObjectUri, Objects};

/// Checks every promise of [`Objects`] under `scratch`, a prefix that nobody else uses. `missing` is a bucket that is not
/// there. Writes some 300 MB and 1,100 objects, and deletes them again unless a promise is broken.
pub async fn objects(store: &dyn Objects, scratch: &ObjectUri, missing: &str) {
    writes_and_reads(store, scratch).await;
    reads_ranges(store, scratch).await;
    replaces(store, scratch).await;
    creates_once(store, scratch).await;
    presigns(store, scratch).await;
    leaves_nothing_of_a_failed_write(store, scratch).await;
    tells_prefixes_from_objects(store, scratch).await;
    takes_odd_keys(store, scratch).await;
    lists_in_order_and_pages(store, scratch).await;
    deletes_twice(store, scratch).await;
    tells_a_missing_bucket(store, missing).await;
}

async fn writes_and_reads(store: &dyn Objects, scratch: &ObjectUri) {
    for size in [0, 1, 8 << 20, (8 << 20) + 1, 20_000_000] {
        let uri = scratch.join(&format!("sizes/{size}")).unwrap();
        let content = pattern(size, 7);
        let written = store.write(&uri, chunks(&content)).await.unwrap();
        assert_eq!(written, content.len() as u64, "`write` answers the bytes written");
        let head = store.head(&uri).await.unwrap();
        assert_eq!((&head.uri, head.bytes), (&uri, written), "`head` knows what was written");
        assert!(head.modified > 1_600_000_000_000, "`modified` is in milliseconds since 1970, not {}", head.modified);
        assert!(whole(store, &uri).await == content, "{size} bytes come back as they were");
        store.delete(&uri).await.unwrap();
    }
}

async fn reads_ranges(store: &dyn Objects, scratch: &ObjectUri) {
    let uri = scratch.join("range").unwrap();
    put(store, &uri, b"0123456789").await;
    for (offset, length, expected) in [
        (0, 10, "0123456789"),
        (0, 3, "012"),
        (4, 1, "4"),
        (9, 1, "9"),
        (8, 100, "89"),
        (0, u64::MAX, "0123456789"),
        (5, u64::MAX, "56789"),
        (3, 0, ""),
        (10, 1, ""),
        (11, 5, ""),
        (i64::MAX as u64, 5, ""),
        (u64::MAX, u64::MAX, ""),
    ] {
        let read = store.read(&uri, offset, length).await;
        assert_eq!(read.unwrap(), expected.as_bytes(), "{length} bytes from {offset}");
    }
    put(store, &uri, b"").await;
    assert!(store.read(&uri, 0, 5).await.unwrap().is_empty(), "an empty object has nothing to read");
    store.delete(&uri).await.unwrap();
    assert!(not_found(store.read(&uri, 0, 5).await), "reading what is not there");
    assert!(not_found(store.read(&uri, 0, 0).await), "reading nothing of what is not there");
    assert!(not_found(store.stream(&uri).await.map(drop)), "streaming what is not there");
    assert!(not_found(store.head(&uri).await), "asking about what is not there");
}

async fn replaces(store: &dyn Objects, scratch: &ObjectUri) {
    let uri = scratch.join("replaced").unwrap();
    // Each size is another way of writing; each must take the place of each other.
    for size in [10, 9_000_000, 3, 17_000_000, 9_000_000, 0] {
        let content = pattern(size, size as u8);
        put(store, &uri, &content).await;
        assert!(whole(store, &uri).await == content, "{size} bytes replace what was there");
        assert_eq!(store.head(&uri).await.unwrap().bytes, size as u64);
    }
    store.delete(&uri).await.unwrap();
}

async fn creates_once(store: &dyn Objects, scratch: &ObjectUri) {
    let conflict = |answer: crate::Result<u64>| matches!(answer, Err(Error::Conflict(_)));
    for size in [0, 1000, 20_000_000] {
        let uri = scratch.join(&format!("created/{size}")).unwrap();
        let (first, second) = (pattern(size, 1), pattern(size + 1, 2));
        assert_eq!(
            store.create(&uri, chunks(&first)).await.unwrap(),
            size as u64,
            "`create` answers the bytes written"
        );
        assert!(conflict(store.create(&uri, chunks(&second)).await), "`create` writes {size} bytes once");
        assert!(conflict(store.create(&uri, chunks(b"")).await), "an empty body replaces nothing either");
        assert!(whole(store, &uri).await == first, "what was there stays as it is");
        store.delete(&uri).await.unwrap();
        assert_eq!(store.create(&uri, chunks(&second)).await.unwrap(), second.len() as u64, "what is deleted is free");
        store.delete(&uri).await.unwrap();

        let end = stream::once(future::ready(Err(std::io::Error::other("the sender hung up"))));
        assert!(
            store.create(&uri, chunks(&first).chain(end).boxed()).await.is_err(),
            "a stream that fails creates nothing"
        );
        assert!(not_found(store.head(&uri).await));
        let both = [&first, &second].map(|content| store.create(&uri, chunks(content)));
        let made: Vec<_> = future::join_all(both).await.into_iter().map(|answer| answer.is_ok()).collect();
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "of two at once, one creates the object");
        let kept = if made.first() == Some(&true) { &first } else { &second };
        assert!(whole(store, &uri).await == *kept, "and it is the one that was told so");
        store.delete(&uri).await.unwrap();
    }
    let prefix = scratch.join("created/").unwrap();
    assert!(matches!(store.create(&prefix, chunks(b"x")).await, Err(Error::Invalid(_))), "a prefix is not created");
    assert_eq!(keys(store, &prefix).await, Vec::<String>::new());
}

async fn presigns(store: &dyn Objects, scratch: &ObjectUri) {
    let uri = scratch.join("presigned").unwrap();
    match store.presign(&uri, MAX_PRESIGNED).await {
        Err(Error::Unconfigured(_)) => return,
        signed => assert!(signed.unwrap().starts_with("http"), "an address is for HTTP"),
    }
    for lifetime in [Duration::ZERO, MAX_PRESIGNED + Duration::from_secs(1), Duration::MAX] {
        let refused = store.presign(&uri, lifetime).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "no address lives for {lifetime:?}");
    }
    assert!(not_found(store.presign(&scratch.as_prefix(), MAX_PRESIGNED).await), "a prefix has no address");
}

async fn leaves_nothing_of_a_failed_write(store: &dyn Objects, scratch: &ObjectUri) {
    let (fresh, kept) = (scratch.join("failed/fresh").unwrap(), scratch.join("failed/kept").unwrap());
    put(store, &kept, b"before").await;
    for size in [0, 1000, 20_000_000] {
        for uri in [&fresh, &kept] {
            let end = stream::once(future::ready(Err(std::io::Error::other("the sender hung up"))));
            let written = store.write(uri, chunks(&pattern(size, 1)).chain(end).boxed()).await;
            assert!(written.is_err(), "a stream that fails after {size} bytes fails the write");
        }
        assert!(not_found(store.head(&fresh).await), "a stream that fails after {size} bytes leaves nothing behind");
        assert_eq!(whole(store, &kept).await, b"before", "nor does it touch what was there");
    }
    assert_eq!(keys(store, &scratch.join("failed/").unwrap()).await, ["kept"]);
    store.delete(&kept).await.unwrap();
}

async fn tells_prefixes_from_objects(store: &dyn Objects, scratch: &ObjectUri) {
    let place = |key: &str| scratch.join(&format!("tree/{key}")).unwrap();
    for key in ["a/1", "a/b/2", "ab", "a.b", "b"] {
        put(store, &place(key), key.as_bytes()).await;
    }
    for prefix in [place("a"), place("a/"), place("a/b")] {
        assert!(not_found(store.head(&prefix).await), "`{prefix}` is no object");
        assert!(not_found(store.read(&prefix, 0, 1).await), "`{prefix}` cannot be read");
        assert!(not_found(store.stream(&prefix).await.map(drop)), "`{prefix}` cannot be streamed");
    }
    assert!(matches!(store.write(&place("a/"), chunks(b"x")).await, Err(Error::Invalid(_))), "a prefix is not written");
    let _ = store.delete(&place("a/")).await;
    assert_eq!(keys(store, &place("a/")).await, ["1", "b/2"], "deleting a prefix deletes no object under it");
    assert_eq!(keys(store, &place("a")).await, ["1", "b/2"], "`a` as a prefix is `a/` and does not take in `ab`");
    assert_eq!(keys(store, &place("ab")).await, Vec::<String>::new(), "an object is not under itself");
    assert_eq!(keys(store, &place("none/")).await, Vec::<String>::new(), "a prefix without objects is empty");
    assert_eq!(keys(store, &scratch.join("tree").unwrap()).await, ["a.b", "a/1", "a/b/2", "ab", "b"]);
    for key in ["a/1", "a/b/2", "ab", "a.b", "b"] {
        store.delete(&place(key)).await.unwrap();
    }
    put(store, &place("a"), b"now an object").await;
    assert_eq!(whole(store, &place("a")).await, b"now an object", "the name of a prefix is free when it is empty");
    store.delete(&place("a")).await.unwrap();
}

async fn takes_odd_keys(store: &dyn Objects, scratch: &ObjectUri) {
    let long = format!("{}/{}", "l".repeat(200), "part-".repeat(40));
    let odd = [
        "a b/c d.csv",
        "plus+plus",
        "per%cent",
        "%2e%2e/%2F",
        "a%20b",
        "Ünïcödé/日本語/😀",
        "quote'\"`",
        "a&b=c?d#e",
        "<tag>;,:@$!*()[]{}|^~",
        ".hidden",
        "...",
        "region=EU/part-00000.csv",
        " leading and trailing ",
        "e\u{301} and é",
        &long,
    ];
    let place = scratch.join("odd/").unwrap();
    for key in odd {
        put(store, &place.join(key).unwrap(), key.as_bytes()).await;
    }
    let mut sorted: Vec<&str> = odd.to_vec();
    sorted.sort_unstable();
    assert_eq!(keys(store, &place).await, sorted, "odd keys are listed as they are, in the order of their bytes");
    for key in odd {
        let uri = place.join(key).unwrap();
        assert_eq!(whole(store, &uri).await, key.as_bytes(), "{key:?} is a key like others");
        assert_eq!(store.head(&uri).await.unwrap().uri, uri);
        store.delete(&uri).await.unwrap();
    }
}

async fn lists_in_order_and_pages(store: &dyn Objects, scratch: &ObjectUri) {
    let place = scratch.join("many/").unwrap();
    let mut expected: Vec<String> = (0..1050).map(|n| format!("{}/{n}", n % 7)).collect();
    let written = stream::iter(&expected)
        .map(|key| async { put(store, &place.join(key).unwrap(), b"x").await })
        .buffer_unordered(16);
    written.collect::<()>().await;
    expected.sort_unstable();

    let first = store.list(&place, None).await.unwrap();
    assert_eq!(first.entries.len(), 1000, "a page has 1,000 entries");
    let next = first.next.unwrap_or_else(|| panic!("there is a next page after 1,000 of 1,050"));
    let second = store.list(&place, Some(&next)).await.unwrap();
    assert_eq!((second.entries.len(), second.next), (50, None), "the last page has the rest and no next");
    assert_eq!(keys(store, &place).await, expected, "keys come in order, each once");
    assert!(first.entries.iter().all(|entry| entry.bytes == 1 && entry.modified > 1_600_000_000_000));

    stream::iter(&expected)
        .map(|key| async { store.delete(&place.join(key).unwrap()).await.unwrap() })
        .buffer_unordered(16)
        .collect::<()>()
        .await;
    assert_eq!(keys(store, &place).await, Vec::<String>::new(), "what was deleted is not listed");
}

async fn deletes_twice(store: &dyn Objects, scratch: &ObjectUri) {
    let uri = scratch.join("deleted").unwrap();
    put(store, &uri, b"x").await;
    store.delete(&uri).await.unwrap();
    assert!(not_found(store.head(&uri).await), "what was deleted is gone");
    store.delete(&uri).await.unwrap_or_else(|e| panic!("deleting what is not there is no error: {e}"));
}

async fn tells_a_missing_bucket(store: &dyn Objects, missing: &str) {
    let uri = ObjectUri::new(missing, "a/b").unwrap();
    assert!(not_found(store.head(&uri).await), "`head` in a missing bucket");
    assert!(not_found(store.read(&uri, 0, 1).await), "`read` in a missing bucket");
    assert!(not_found(store.stream(&uri).await.map(drop)), "`stream` in a missing bucket");
    assert!(not_found(store.list(&uri.as_prefix(), None).await), "`list` in a missing bucket");
    assert!(not_found(store.delete(&uri).await), "`delete` in a missing bucket");
}

fn not_found<T>(answer: crate::Result<T>) -> bool {
    matches!(answer, Err(Error::NotFound(_)))
}

async fn put(store: &dyn Objects, uri: &ObjectUri, content: &[u8]) {
    let written = store.write(uri, chunks(content)).await;
    assert_eq!(written.unwrap_or_else(|e| panic!("cannot write `{uri}`: {e}")), content.len() as u64);
}

async fn whole(store: &dyn Objects, uri: &ObjectUri) -> Vec<u8> {
    let chunks = store.stream(uri).await.unwrap_or_else(|e| panic!("cannot stream `{uri}`: {e}"));
    chunks.try_fold(Vec::new(), |all, chunk| future::ok([all, chunk.to_vec()].concat())).await.unwrap()
}

/// The keys under a prefix, without it, over all pages.
async fn keys(store: &dyn Objects, prefix: &ObjectUri) -> Vec<String> {
    let base = prefix.as_prefix();
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(prefix, after.as_deref()).await.unwrap();
        keys.extend(page.entries.iter().map(|entry| {
            let key = entry.uri.key().strip_prefix(base.key());
            key.unwrap_or_else(|| panic!("`{}` is not under `{prefix}`", entry.uri)).to_owned()
        }));
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

fn chunks(content: &[u8]) -> ByteStream {
    let chunks: Vec<_> = content.chunks(700_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

fn pattern(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8 ^ seed).collect()
}
