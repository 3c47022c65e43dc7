//! Whole tables.

use std::io::BufRead;

use ::arrow::ipc::reader::StreamReader;

use super::*;
use crate::results::column::text;

const OUTPUTS: [Output; 4] = [Output::Csv, Output::JsonLines, Output::Arrow, Output::Parquet];

impl House {
    async fn whole(&self, table: &ResultTable, output: Output) -> Result<Vec<u8>> {
        let download = download(Arc::new(self.objects.clone()), table, output).await?;
        let pieces: Vec<Bytes> = download.body.try_collect().await?;
        let whole = pieces.concat();
        assert!(download.bytes.is_none_or(|bytes| bytes == whole.len() as u64));
        Ok(whole)
    }

    /// The columns and rows of a table as Parquet, read back.
    async fn as_parquet(&self, table: &ResultTable) -> (Vec<ColumnSchema>, Vec<Vec<Value>>) {
        let file = self.whole(table, Output::Parquet).await.unwrap();
        let uri: ObjectUri = "s3://out/again/file.parquet".parse().unwrap();
        self.objects.write(&uri, stream::iter([Ok(Bytes::from(file))]).boxed()).await.unwrap();
        let again = ResultTable { format: Format::Parquet, uris: vec![uri], ..table.clone() };
        (self.page(&again, 0, 1).await.columns, self.pages(&again, MAX_ROWS).await.0)
    }

    async fn as_arrow(&self, table: &ResultTable) -> (Vec<ColumnSchema>, Vec<Vec<Value>>) {
        let bytes = self.whole(table, Output::Arrow).await.unwrap();
        let reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
        let name = |field: &Arc<Field>| ColumnSchema {
            name: field.name().clone(),
            data_type: arrow::type_name(field.data_type()),
        };
        let columns = reader.schema().fields().iter().map(name).collect();
        let mut rows = Vec::new();
        for batch in reader.map(|batch| batch.unwrap()) {
            let row = |at| arrow::row(&batch, at, &mut rows::Budget::of_a_row()).ok().unwrap();
            rows.extend((0..batch.num_rows()).map(row));
        }
        (columns, rows)
    }

    /// Holds every format against the pages; answers their columns and rows.
    async fn same_in_all(&self, table: &ResultTable) -> (Vec<ColumnSchema>, Vec<Vec<Value>>) {
        let (columns, rows) = (self.page(table, 0, 1).await.columns, self.pages(table, MAX_ROWS).await.0);

        let lines = self.whole(table, Output::JsonLines).await.unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        let named = |row: &Vec<Value>| columns.iter().map(|c| c.name.clone()).zip(row.clone()).collect::<Value>();
        assert_eq!(lines, rows.iter().map(named).collect::<Vec<_>>());

        let csv = self.whole(table, Output::Csv).await.unwrap();
        let mut reader = ::csv::ReaderBuilder::new().from_reader(csv.as_slice());
        let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(names, columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
        let cells: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let as_text = |row: &Vec<Value>| row.iter().map(|cell| text(cell).into_owned()).collect();
        assert_eq!(cells, rows.iter().map(as_text).collect::<Vec<Vec<String>>>());

        let arrow = self.as_arrow(table).await;
        assert_eq!(arrow, self.as_parquet(table).await, "Parquet has what Arrow has");
        assert_eq!(arrow, (columns.clone(), rows.clone()));
        (columns, rows)
    }

    /// The pieces of a download up to its end, and the error that ended it.
    async fn broken(&self, table: &ResultTable, output: Output) -> (usize, String) {
        let mut body = match download(Arc::new(self.objects.clone()), table, output).await {
            Ok(download) => download.body,
            Err(Error::Invalid(text)) => return (0, text),
            Err(other) => panic!("{other:?}"),
        };
        let mut bytes = 0;
        loop {
            match body.next().await {
                Some(Ok(piece)) => bytes += piece.len(),
                Some(Err(Error::Invalid(text))) => return (bytes, text),
                other => panic!("{other:?} after {bytes} bytes as {output:?}"),
            }
        }
    }
}

fn schema(columns: &[ColumnSchema]) -> Vec<(&str, &str)> {
    columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect()
}

#[tokio::test]
async fn a_csv_comes_back_in_every_format() {
    let house = house().await;
    let head = "id,name,price,day,at,moment,yes,zip,nothing\r\n";
    let parts = [
        format!("{head}1,\"say \"\"hi\"\",\nall\",1.5,2024-01-31,2024-01-31 12:00:00,2024-01-31T12:00:00Z,true,007,\n"),
        head.to_owned(),
        String::new(),
        format!("{head}-9223372036854775808,,NaN,,,,,,\n3,日本,-inf,0001-01-01,2024-01-31T12:00:00.500,,False,99,\n"),
    ];
    let (columns, rows) = house.same_in_all(&house.table(Format::Csv, &parts).await).await;
    let types = ["bigint", "string", "double", "date", "timestamp", "timestamp", "boolean", "string", "string"];
    assert_eq!(columns.iter().map(|column| column.data_type.as_str()).collect::<Vec<_>>(), types);
    assert_eq!(
        Value::from(rows),
        json!([
            [
                1,
                "say \"hi\",\nall",
                1.5,
                "2024-01-31",
                "2024-01-31T12:00:00",
                "2024-01-31T12:00:00Z",
                true,
                "007",
                null
            ],
            [i64::MIN, null, "NaN", null, null, null, null, null, null],
            [3, "日本", "-Infinity", "0001-01-01", "2024-01-31T12:00:00.500", null, false, "99", null]
        ])
    );
}

#[tokio::test]
async fn json_lines_come_back_in_every_format() {
    let house = house().await;
    let parts = [
        "{\"n\":1,\"d\":1.0,\"s\":\"a \\\"b\\\"\\n\",\"b\":true}\n\n",
        "",
        "{\"n\":9007199254740993,\"d\":1.5,\"late\":\"x\"}\n{}\n{\"s\":\"\",\"b\":null}",
    ];
    let (columns, rows) = house.same_in_all(&house.table(Format::Json, &parts).await).await;
    let expected = [("n", "bigint"), ("d", "double"), ("s", "string"), ("b", "boolean"), ("late", "string")];
    assert_eq!(schema(&columns), expected);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1][0], json!(9_007_199_254_740_993_i64));

    // What Arrow has no one type for is text there, as JSON.
    let table = house.table(Format::Json, &["{\"o\":{\"k\":[1,null]},\"m\":1}\n{\"o\":[1],\"m\":\"1\"}\n"]).await;
    let (columns, rows) = house.as_arrow(&table).await;
    assert_eq!(schema(&columns), [("o", "string"), ("m", "string")]);
    assert_eq!(json!(rows), json!([["{\"k\":[1,null]}", "1"], ["[1]", "1"]]));
    let lines = house.whole(&table, Output::JsonLines).await.unwrap();
    assert_eq!(String::from_utf8(lines).unwrap(), "{\"o\":{\"k\":[1,null]},\"m\":1}\n{\"o\":[1],\"m\":\"1\"}\n");
}

#[tokio::test]
async fn parquet_comes_back_in_every_format() {
    let house = house().await;
    let batch = values();
    let parts = [parquet(&batch, 10), parquet(&batch.slice(0, 0), 10), parquet(&batch, 1)];
    let (_, rows) = house.same_in_all(&house.table(Format::Parquet, &parts).await).await;
    assert_eq!((rows.len(), &rows[0]), (4, &rows[2]));

    let numbers = [parquet(&numbers(0..2500), 700), parquet(&numbers(2500..3000), 10)];
    let (_, rows) = house.same_in_all(&house.table(Format::Parquet, &numbers).await).await;
    assert_eq!(rows, (0..3000).map(|n| vec![json!(n)]).collect::<Vec<_>>());
}

#[tokio::test]
async fn arrow_of_parquet_has_the_types_of_the_file() {
    let house = house().await;
    let batch = values();
    let table = house.table(Format::Parquet, &[parquet(&batch, 10), parquet(&batch, 10)]).await;
    let bytes = house.whole(&table, Output::Arrow).await.unwrap();
    let reader = StreamReader::try_new(bytes.as_slice(), None).unwrap();
    let schema = reader.schema();
    for (own, got) in batch.schema().fields().iter().zip(schema.fields()) {
        match own.name().as_str() {
            // Parquet keeps neither the name of a zone nor how an engine had its text in memory.
            "zoned" => assert_eq!(*got.data_type(), DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
            "kind" => assert_eq!(*got.data_type(), DataType::Utf8),
            "list" => assert!(matches!(got.data_type(), DataType::List(_))),
            _ => assert_eq!(own.data_type(), got.data_type(), "{own}"),
        }
    }
    let batches: Vec<_> = reader.map(|batch| batch.unwrap()).collect();
    assert_eq!(batches.len(), 2);
    for (at, own) in batch.columns().iter().enumerate().filter(|(_, own)| own.data_type().is_primitive()) {
        let got = ::arrow::compute::cast(batches[1].column(at), own.data_type()).unwrap();
        assert_eq!(&got, own);
    }
}

#[tokio::test]
async fn one_parquet_part_is_handed_through() {
    let house = house().await;
    let file = parquet(&numbers(0..1000), 100);
    let table = house.table(Format::Parquet, std::slice::from_ref(&file)).await;
    let download = download(Arc::new(house.objects.clone()), &table, Output::Parquet).await.unwrap();
    assert_eq!(download.bytes, Some(file.len() as u64));
    assert_eq!(house.whole(&table, Output::Parquet).await.unwrap(), file);
}

#[tokio::test]
async fn an_empty_table_has_its_columns() {
    let house = house().await;
    for (format, part) in [(Format::Csv, b"a,b\n".to_vec()), (Format::Parquet, parquet(&numbers(0..0), 10))] {
        let table = house.table(format, &[part.clone(), part]).await;
        let (columns, rows) = house.same_in_all(&table).await;
        assert!(!columns.is_empty() && rows.is_empty(), "{columns:?}");
    }
    let blank = house.table(Format::Json, &["", "\n"]).await;
    let nothing = ResultTable { format: Format::Csv, uris: vec![], ..blank.clone() };
    for table in [blank, nothing] {
        assert_eq!(house.whole(&table, Output::Csv).await.unwrap(), b"");
        assert_eq!(house.whole(&table, Output::JsonLines).await.unwrap(), b"");
        assert_eq!(house.as_arrow(&table).await, (vec![], vec![]));
        assert!(house.whole(&table, Output::Parquet).await.unwrap().ends_with(b"PAR1"));
    }
}

#[tokio::test]
async fn names_that_come_twice_lose_no_value() {
    let house = house().await;
    let table = house.table(Format::Csv, &["a,a\n1,2\n"]).await;
    let lines = house.whole(&table, Output::JsonLines).await.unwrap();
    assert_eq!(String::from_utf8(lines).unwrap(), "{\"a\":1,\"a_2\":2}\n");
    assert_eq!(house.whole(&table, Output::Csv).await.unwrap(), b"a,a\r\n1,2\r\n");
    assert_eq!(house.as_arrow(&table).await.1, [[json!(1), json!(2)]]);
}

#[tokio::test]
async fn types_of_a_sample_are_no_promise() {
    let house = house().await;
    let text = format!("n,d\n{}oops,2024-01-31\n007,\n", "1234567,2024-01-01\n".repeat(200_000));
    let table = house.table(Format::Csv, &[text]).await;
    assert_eq!(schema(&house.page(&table, 0, 1).await.columns), [("n", "bigint"), ("d", "date")]);
    let (columns, rows) = house.as_arrow(&table).await;
    assert_eq!(schema(&columns), [("n", "string"), ("d", "string")]);
    assert_eq!(rows.len(), 200_002);
    assert_eq!(json!(rows[199_999..]), json!([["1234567", "2024-01-01"], ["oops", "2024-01-31"], ["007", null]]));
    // Lines take each value for itself, as pages do.
    let lines = String::from_utf8(house.whole(&table, Output::JsonLines).await.unwrap()).unwrap();
    assert!(lines.ends_with(
        "{\"n\":1234567,\"d\":\"2024-01-01\"}\n{\"n\":\"oops\",\"d\":\"2024-01-31\"}\n{\"n\":\"007\",\"d\":null}\n"
    ));
}

#[tokio::test]
async fn a_damaged_second_part_breaks_the_stream_off() {
    let house = house().await;
    let good = format!("a,b\n{}", "123456789,some text that takes room\n".repeat(20_000));
    for bad in [&b"a,b\n1,caf\xe9\n"[..], b"a,b\n1,2\n1,2,3\n"] {
        let table = house.table(Format::Csv, &[good.as_bytes(), bad]).await;
        for output in OUTPUTS {
            let (bytes, text) = house.broken(&table, output).await;
            assert!(text.contains("part-00001"), "{text}");
            // A row group is larger than all that came before: nothing was handed out, and that is told at once.
            assert!((bytes == 0) == (output == Output::Parquet), "{bytes} bytes as {output:?}");
        }
    }

    let (first, mut second) = (parquet(&numbers(0..200_000), 5000), parquet(&numbers(200_000..400_000), 5000));
    // So much that heads of pages are among it: values have no checksum.
    let middle = second.len() / 2;
    second[middle..middle + 200_000].fill(0x5a);
    let table = house.table(Format::Parquet, &[first, second]).await;
    for output in OUTPUTS {
        let (bytes, text) = house.broken(&table, output).await;
        assert!(text.contains("part-00001"), "{text}");
        assert!((bytes == 0) == (output == Output::Parquet), "{bytes} bytes as {output:?}");
    }

    // All of JSON is read before anything is handed out.
    let table = house.table(Format::Json, &["{\"a\":1}\n".repeat(100_000).as_str(), "{\"a\":1}\n[1]\n"]).await;
    for output in OUTPUTS {
        let (bytes, text) = house.broken(&table, output).await;
        assert!(bytes == 0 && text.contains("line 2") && text.contains("part-00001"), "{text}");
    }
}

#[tokio::test]
async fn parts_that_differ_are_refused_before_anything_is_sent() {
    let house = house().await;
    let millis = TimestampMillisecondArray::from(vec![1]);
    let micros = TimestampMicrosecondArray::from(vec![1]);
    let one = |array: ArrayRef| parquet(&RecordBatch::try_from_iter([("t", array)]).unwrap(), 10);
    let other = one(Arc::new(Int64Array::from(vec![1])));
    for second in [one(Arc::new(micros)), other] {
        let table = house.table(Format::Parquet, &[one(Arc::new(millis.clone())), second]).await;
        for output in OUTPUTS {
            let (bytes, text) = house.broken(&table, output).await;
            assert!(bytes == 0 && text.contains("differ") && text.contains("part-00001"), "{text}");
        }
    }
    // Whether nothing may stand there is no difference.
    let strict = |nullable, array: ArrayRef| {
        let field = Field::new("t", DataType::Int64, nullable);
        parquet(&RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap(), 10)
    };
    let parts =
        [strict(false, Arc::new(Int64Array::from(vec![1]))), strict(true, Arc::new(Int64Array::from(vec![None])))];
    let (_, rows) = house.same_in_all(&house.table(Format::Parquet, &parts).await).await;
    assert_eq!(rows, [[json!(1)], [Value::Null]]);
}

#[tokio::test]
async fn a_value_repeated_is_written_out_in_pieces() {
    let house = house().await;
    // 5 GB as plain text, and 1 MB as it is written: a dictionary of one value.
    let (long, keys) = ("x".repeat(1 << 20), Int32Array::from(vec![0; 5000]));
    let column = DictionaryArray::new(keys, Arc::new(StringArray::from(vec![long.as_str()])));
    let batch = RecordBatch::try_from_iter([("s", Arc::new(column) as ArrayRef)]).unwrap();
    let file = parquet(&batch, 10_000);
    let table = house.table(Format::Parquet, &[file.clone(), file]).await;
    for output in [Output::Csv, Output::JsonLines, Output::Arrow] {
        let mut body = download(Arc::new(house.objects.clone()), &table, output).await.unwrap().body;
        for _ in 0..20 {
            let piece = body.next().await.unwrap().unwrap();
            assert!(piece.len() < 20 << 20, "{} bytes as {output:?}", piece.len());
        }
    }
    // One row that is too large is told, whatever it is asked as.
    let items = DictionaryArray::new(Int32Array::from(vec![0; 100]), Arc::new(StringArray::from(vec![long])));
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    let offsets = ::arrow::buffer::OffsetBuffer::new(vec![0, 100].into());
    let list = ListArray::new(field, offsets, Arc::new(items), None);
    let file = parquet(&RecordBatch::try_from_iter([("l", Arc::new(list) as ArrayRef)]).unwrap(), 10);
    let table = house.table(Format::Parquet, &[file.clone(), file]).await;
    for output in OUTPUTS {
        let (bytes, text) = house.broken(&table, output).await;
        assert!(bytes < 100 && text.contains("64 MiB") && text.contains("part-00000"), "{text}");
    }
}

#[tokio::test]
async fn parquet_is_written_in_bounded_row_groups() {
    let house = house().await;
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    };
    let part: String = (0..12_000).map(|_| (0..64).map(|_| noise()).collect::<String>() + "\n").collect();
    let mut table = house.table(Format::Csv, &[part.as_str(), &part, &part, &part]).await;
    table.header = false;
    let download = download(Arc::new(house.objects.clone()), &table, Output::Parquet).await.unwrap();
    let pieces: Vec<Bytes> = download.body.try_collect().await.unwrap();
    let (largest, whole) = (pieces.iter().map(Bytes::len).max().unwrap(), pieces.concat());
    assert!(largest < 40 << 20, "{largest}");
    let reader = ::parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(whole)).unwrap();
    assert!(reader.num_row_groups() > 1);
    assert_eq!(reader.file_metadata().num_rows(), 48_000);
}

#[tokio::test]
async fn who_hangs_up_ends_the_work() {
    let house = house().await;
    let part = format!("n\n{}", "1234567\n".repeat(1_000_000));
    let table = house.table(Format::Csv, &[part.as_str(), &part, &part]).await;
    let (objects, read) = house.counting();
    let mut body = download(objects, &table, Output::Csv).await.unwrap().body;
    body.next().await.unwrap().unwrap();
    drop(body);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(read.load(Relaxed) < 10_000_000, "{} bytes were read", read.load(Relaxed));
}

#[test]
fn who_does_not_read_on_holds_no_thread() {
    const THREADS: usize = 4;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().max_blocking_threads(THREADS).enable_all().build().unwrap();
    runtime.block_on(async {
        let house = house().await;
        // The bucket is made: without it the store answers, and closes, while a large part is still being sent.
        house.table(Format::Csv, &["n\n"]).await;
        let csv = house.table(Format::Csv, &[format!("n\n{}", "1234567\n".repeat(1_000_000))]).await;
        let mut waiting = Vec::new();
        for _ in 0..2 * THREADS {
            let mut body = download(Arc::new(house.objects.clone()), &csv, Output::Csv).await.unwrap().body;
            body.next().await.unwrap().unwrap();
            waiting.push(body);
        }
        let whole = tokio::time::timeout(std::time::Duration::from_secs(60), house.whole(&csv, Output::JsonLines));
        assert_eq!(whole.await.expect("there is a thread").unwrap().lines().count(), 1_000_000);
    });
}
