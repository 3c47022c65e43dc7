//! Pages.

use super::*;

#[tokio::test]
async fn parquet_pages_run_over_row_groups_and_parts() {
    let house = house().await;
    let parts = [parquet(&numbers(0..25), 10), parquet(&numbers(0..0), 10), parquet(&numbers(25..60), 7)];
    let table = house.table(Format::Parquet, &parts).await;
    for limit in [1, 7, 10, 25, 26, 59, 60, 61] {
        let (rows, sizes) = house.pages(&table, limit).await;
        assert_eq!(rows, (0..60).map(|n| vec![json!(n)]).collect::<Vec<_>>(), "in pages of {limit}");
        assert_eq!(sizes.len(), 60_usize.div_ceil(limit), "{sizes:?}");
    }
    let page = house.page(&table, 24, 3).await;
    assert_eq!(
        (page.rows, page.next, page.total_rows),
        (vec![vec![json!(24)], vec![json!(25)], vec![json!(26)]], Some(27), Some(60))
    );
    let beyond = house.page(&table, 1000, 3).await;
    assert_eq!((beyond.rows.len(), beyond.next, beyond.total_rows), (0, None, Some(60)));
    assert_eq!(described(&beyond), [("n", "bigint")]);
}

#[tokio::test]
async fn of_a_large_parquet_only_what_a_page_holds_is_read() {
    let house = house().await;
    let scattered = |n: i64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
    let values = Int64Array::from_iter_values((0..1_000_000).map(scattered));
    let file = parquet(&RecordBatch::try_from_iter([("n", Arc::new(values) as ArrayRef)]).unwrap(), 10_000);
    let size = file.len() as u64;
    assert!(size > 8_000_000, "{size}");
    let table = house.table(Format::Parquet, &[file]).await;
    let (objects, read) = house.counting();
    for (offset, from) in [(0, 0), (755_000, 755_000)] {
        read.store(0, Relaxed);
        let page = read_page(objects.as_ref(), &table, offset, 100).await.unwrap();
        assert_eq!(page.rows, (from..from + 100).map(|n| vec![json!(scattered(n))]).collect::<Vec<_>>());
        assert_eq!(page.total_rows, Some(1_000_000));
        let read = read.load(Relaxed);
        assert!(read < size / 25, "{read} of {size} bytes for the page at {offset}");
    }
}

#[tokio::test]
async fn parquet_values_are_exact() {
    let house = house().await;
    let batch = values();
    let table = house.table(Format::Parquet, &[parquet(&batch, 10)]).await;
    let page = house.page(&table, 0, 10).await;
    let types: Vec<_> = described(&page).into_iter().map(|(_, data_type)| data_type).collect();
    assert_eq!(
        types,
        [
            "bigint",
            "decimal(20,0)",
            "tinyint",
            "float",
            "double",
            "decimal(20,2)",
            "string",
            "binary",
            "boolean",
            "date",
            "timestamp",
            "timestamp",
            "array<int>",
            "string",
            "struct<x:bigint>"
        ]
    );
    assert_eq!(
        Value::from(page.rows.clone()),
        json!([
            [
                9_007_199_254_740_993_i64, "18446744073709551615", -1, 0.1, "-Infinity", "123456789012345678.90", "日本 \"x\"",
                "AP8=", true, "2024-01-31", "2024-01-31T12:00:00.000005", "2024-01-31T12:00:00Z", [1, null], "a",
                { "x": i64::MAX }
            ],
            [
                null, "0", 2, "NaN", 0.5, "-0.05", "", "", false, "out of range", "1970-01-01T00:00:00",
                "1970-01-01T00:00:00Z", null, "b", { "x": 1 }
            ]
        ])
    );
    assert!(serde_json::to_string(&page).unwrap().contains("[9007199254740993,"));
}

#[tokio::test]
async fn one_long_value_repeated_ends_the_page_and_not_the_process() {
    let house = house().await;
    // 5 GB as plain text, and 1 MB as it is written: a dictionary of one value.
    let (long, keys) = ("x".repeat(1 << 20), Int32Array::from(vec![0; 5000]));
    let column = DictionaryArray::new(keys, Arc::new(StringArray::from(vec![long])));
    let batch = RecordBatch::try_from_iter([("s", Arc::new(column) as ArrayRef)]).unwrap();
    let file = parquet(&batch, 10_000);
    assert!(file.len() < 5 << 20);
    let table = house.table(Format::Parquet, &[file]).await;
    let page = house.page(&table, 100, 10_000).await;
    assert_eq!((page.rows.len(), page.next), (7, Some(107)));
    assert!(serde_json::to_string(&page.rows).unwrap().len() <= MAX_PAGE_BYTES);
}

#[tokio::test]
async fn parts_that_differ_are_told() {
    let house = house().await;
    let other = RecordBatch::try_from_iter([("m", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
    let table = house.table(Format::Parquet, &[parquet(&numbers(0..2), 10), parquet(&other, 10)]).await;
    let text = house.refused(&table).await;
    assert!(text.contains("differ") && text.contains("part-00001") && text.contains("m bigint"), "{text}");
    let table = house.table(Format::Csv, &["a,b\n1,2\n", "a,c\n1,2\n"]).await;
    assert!(house.refused(&table).await.contains("differ"));
}

#[tokio::test]
async fn damaged_parquet_is_told() {
    let house = house().await;
    let whole = parquet(&numbers(0..1000), 100);
    let claims_much = [b"PAR1".as_slice(), &[0; 20], &u32::MAX.to_le_bytes(), b"PAR1"].concat();
    let encrypted = [b"PAR1".as_slice(), &[0; 20], &8_u32.to_le_bytes(), b"PARE"].concat();
    let cut = [&whole[..1000], &whole[2000..]].concat();
    for part in [
        b"".to_vec(),
        b"PAR1PAR1".to_vec(),
        vec![b'x'; 5000],
        whole[..whole.len() - 3].to_vec(),
        claims_much,
        encrypted,
        cut,
    ] {
        let table = house.table(Format::Parquet, std::slice::from_ref(&part)).await;
        assert!(house.refused(&table).await.contains("part-00000"), "{} bytes", part.len());
    }
    // Whatever byte is wrong, there is an answer or an error, and the process lives.
    for at in (4..whole.len()).step_by(37) {
        let mut part = whole.clone();
        part[at] ^= 0x5a;
        let table = house.table(Format::Parquet, &[part]).await;
        match read_page(&house.objects, &table, 0, 1000).await {
            Ok(page) => assert!(page.rows.len() <= 1000),
            Err(Error::Invalid(_)) => {}
            Err(other) => panic!("byte {at}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_recurses() {
    let house = house().await;
    let group = [0x48, 1, b'g', 0x15, 2, 0];
    let depth = 100_000_u32;
    let mut length = Vec::new();
    let mut rest = depth + 1;
    while rest >= 0x80 {
        length.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    length.push(rest as u8);
    let footer =
        [&[0x15, 2, 0x19, 0xfc], length.as_slice(), &group.repeat(depth as usize), &[0x15, 2, 0x38, 1, b'x', 0, 0]]
            .concat();
    let file = [b"PAR1", footer.as_slice(), &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat();
    let table = house.table(Format::Parquet, &[file]).await;
    assert!(house.refused(&table).await.contains("nested too deep"));
}

#[tokio::test]
async fn csv_pages_run_over_parts() {
    let house = house().await;
    let part = |from: i64, to: i64| {
        format!("n,name\n{}", (from..to).map(|n| format!("{n},\"row, {n}\"\n")).collect::<String>())
    };
    let table = house.table(Format::Csv, &[part(0, 10), part(0, 0), String::new(), part(10, 25)]).await;
    for limit in [1, 9, 10, 11, 24, 25, 26] {
        let (rows, _) = house.pages(&table, limit).await;
        assert_eq!(
            rows,
            (0..25).map(|n| vec![json!(n), json!(format!("row, {n}"))]).collect::<Vec<_>>(),
            "in pages of {limit}"
        );
    }
    let page = house.page(&table, 20, 10).await;
    assert_eq!(
        (described(&page), page.next, page.total_rows),
        (vec![("n", "bigint"), ("name", "string")], None, Some(25))
    );
    assert_eq!(house.page(&table, 0, 5).await.total_rows, None, "the end was not seen");
}

#[tokio::test]
async fn csv_types_lose_nothing() {
    let house = house().await;
    let text = "\u{feff}id,zip,big,f,d,t,b,s\r\n\
        9007199254740993,01234,12345678901234567890,1.5,2024-01-31,2024-01-31 12:00:00,true,\"a\nb\"\r\n\
        -1,99999,1,NaN,,,false,\"say \"\"hi\"\"\"\r\n";
    let page = house.page(&house.table(Format::Csv, &[text]).await, 0, 10).await;
    let types = ["bigint", "string", "string", "double", "date", "timestamp", "boolean", "string"];
    assert_eq!(page.columns.iter().map(|column| column.data_type.as_str()).collect::<Vec<_>>(), types);
    assert_eq!(page.columns[0].name, "id");
    assert_eq!(
        Value::from(page.rows),
        json!([
            [
                9_007_199_254_740_993_i64,
                "01234",
                "12345678901234567890",
                1.5,
                "2024-01-31",
                "2024-01-31T12:00:00",
                true,
                "a\nb"
            ],
            [-1, "99999", "1", "NaN", null, null, false, "say \"hi\""]
        ])
    );
}

#[tokio::test]
async fn csv_beyond_the_sample_keeps_its_text() {
    let house = house().await;
    let text = format!("n\n{}oops\n7\n", "1234567\n".repeat(200_000));
    let page = house.page(&house.table(Format::Csv, &[text]).await, 199_999, 10).await;
    assert_eq!(Value::from(page.rows), json!([[1_234_567], ["oops"], [7]]));
    assert_eq!(page.total_rows, Some(200_002));
}

#[tokio::test]
async fn csv_dialects() {
    let house = house().await;
    let mut table = house.table(Format::Csv, &["\"say \\\"hi\\\", you\",1\n"]).await;
    (table.header, table.escape) = (false, Some(b'\\'));
    let page = house.page(&table, 0, 10).await;
    assert_eq!(described(&page), [("_c0", "string"), ("_c1", "bigint")]);
    assert_eq!(Value::from(page.rows), json!([["say \"hi\", you", 1]]));
    let empty = house.table(Format::Csv, &["a,b\n"]).await;
    let page = house.page(&empty, 0, 10).await;
    assert_eq!(
        (described(&page), page.rows.len(), page.total_rows),
        (vec![("a", "string"), ("b", "string")], 0, Some(0))
    );
    let nothing = ResultTable { uris: Vec::new(), ..empty };
    assert_eq!(
        house.page(&nothing, 0, 10).await,
        Page { columns: vec![], rows: vec![], next: None, total_rows: Some(0) }
    );
}

#[tokio::test]
async fn what_is_no_csv_is_told() {
    let house = house().await;
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc".as_slice();
    let latin: &[u8] = b"name\ncaf\xe9\n";
    let ragged: &[u8] = b"a,b\n1,2\n1,2,3\n";
    let endless = [b"a,b\n1,\"".as_slice(), &vec![b'x'; 20 << 20]].concat();
    let whole = parquet(&numbers(0..1000), 100);
    for part in [gzip, latin, ragged, &endless, &whole] {
        let table = house.table(Format::Csv, &[part]).await;
        assert!(house.refused(&table).await.contains("part-00000"));
    }
}

#[tokio::test]
async fn json_lines_page_and_keep_every_field() {
    let house = house().await;
    let parts =
        ["{\"z\":1,\"a\":\"x\"}\n\n{\"z\":9007199254740993,\"b\":{\"k\":[1,null]}}\n", "", "{\"a\":null,\"z\":1.5}"];
    let table = house.table(Format::Json, &parts).await;
    let page = house.page(&table, 0, 10).await;
    assert_eq!(described(&page), [("z", "double"), ("a", "string"), ("b", "struct")]);
    let rows = json!([[1, "x", null], [9_007_199_254_740_993_i64, null, { "k": [1, null] }], [1.5, null, null]]);
    assert_eq!(Value::from(page.rows), rows);
    assert_eq!(page.total_rows, Some(3));
    let first = house.page(&table, 0, 1).await;
    assert_eq!(described(&first).len(), 3, "columns of later rows are known");
    assert_eq!((Value::from(first.rows), first.next), (json!([[1, "x", null]]), Some(1)));
    let (rows, sizes) = house.pages(&table, 2).await;
    assert_eq!((rows.len(), sizes), (3, vec![2, 1]));
}

#[tokio::test]
async fn columns_that_json_names_late_have_their_weight() {
    let house = house().await;
    let late: Value = (0..2000).map(|n| (format!("c{n}"), json!(n))).collect();
    let table = house.table(Format::Json, &[format!("{}{late}\n", "{}\n".repeat(1999))]).await;
    let (rows, sizes) = house.pages(&table, MAX_ROWS).await;
    assert!(rows.len() == 2000 && rows.iter().all(|row| row.len() == 2000));
    assert!(sizes.iter().all(|rows| rows * 2000 * 4 <= MAX_PAGE_BYTES), "{sizes:?}");
}

#[tokio::test]
async fn the_names_of_json_are_bounded() {
    let house = house().await;
    let part: String = (0..500).map(|n| format!("{{\"{n:x>10000}\":1}}\n")).collect();
    let table = house.table(Format::Json, &[part]).await;
    let text = house.refused(&table).await;
    assert!(text.contains("part-00000") && text.contains("4 MiB") && text.contains("/v1/objects"), "{text}");
    assert!(download(Arc::new(house.objects.clone()), &table, Output::Csv).await.is_err());
}

#[tokio::test]
async fn times_that_parquet_has_no_type_for_are_no_numbers() {
    let house = house().await;
    let (seconds, minutes) = (TimestampSecondArray::from(vec![1_700_000_000]), DurationSecondArray::from(vec![120]));
    let inner = Field::new("at", seconds.data_type().clone(), true);
    let nested = StructArray::from(vec![(Arc::new(inner), Arc::new(seconds.clone()) as ArrayRef)]);
    let columns: [(&str, ArrayRef); 3] = [("t", Arc::new(seconds)), ("d", Arc::new(minutes)), ("s", Arc::new(nested))];
    let file = parquet(&RecordBatch::try_from_iter(columns).unwrap(), 10);
    let page = house.page(&house.table(Format::Parquet, &[file]).await, 0, 10).await;
    assert_eq!(described(&page), [("t", "timestamp"), ("d", "interval"), ("s", "struct<at:timestamp>")]);
    let at = "2023-11-14T22:13:20";
    assert_eq!(json!(page.rows), json!([[at, "PT120S", { "at": at }]]));
}

#[tokio::test]
async fn what_is_no_json_is_told() {
    let house = house().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let endless = format!("{{\"a\":\"{}", "x".repeat(20 << 20));
    for part in ["[1,2]\n", "{\"a\":1", "1\n", "{\"a\":1}{\"a\":2}\n", "\u{0}", &deep, &endless] {
        let table = house.table(Format::Json, &[part]).await;
        assert!(house.refused(&table).await.contains("part-00000"));
    }
}

#[tokio::test]
async fn a_row_larger_than_a_page_is_told_and_passed() {
    let house = house().await;
    let text = format!("a\n1\n{}\n2\n", "x".repeat(9 << 20));
    let table = house.table(Format::Csv, &[text]).await;
    let page = house.page(&table, 0, 10).await;
    assert_eq!((page.rows.len(), page.next), (1, Some(1)));
    let told = read_page(&house.objects, &table, 1, 10).await.unwrap_err().to_string();
    assert!(told.contains("row 1") && told.contains("8 MiB"), "{told}");
    assert_eq!(house.page(&table, 2, 10).await.rows.len(), 1);
}

#[tokio::test]
async fn bounds_and_missing_parts_are_told() {
    let house = house().await;
    let table = house.table(Format::Csv, &["a\n1\n"]).await;
    for limit in [0, MAX_ROWS + 1] {
        assert!(matches!(read_page(&house.objects, &table, 0, limit).await, Err(Error::Invalid(_))));
    }
    for format in [Format::Csv, Format::Parquet, Format::Json] {
        let uris = vec!["s3://out/run/not-there".parse().unwrap()];
        let table = ResultTable { format, uris, ..table.clone() };
        assert!(matches!(read_page(&house.objects, &table, 0, 10).await, Err(Error::NotFound(_))), "{format:?}");
    }
    let seconds = Field::new("t", DataType::Timestamp(TimeUnit::Second, None), true);
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(vec![seconds])));
    let page = house.page(&house.table(Format::Parquet, &[parquet(&empty, 10)]).await, 0, 10).await;
    assert_eq!(
        (described(&page), page.rows.len(), page.next, page.total_rows),
        (vec![("t", "timestamp")], 0, None, Some(0))
    );
}
