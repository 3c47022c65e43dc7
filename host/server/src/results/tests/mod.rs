//! Tables over parts in the embedded store, spoken to as in production.

mod downloads;
mod pages;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use ::arrow::{
    array::*,
    datatypes::{DataType, Field, Int32Type, Schema, TimeUnit},
};
use ::parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use async_trait::async_trait;
use bytes::Bytes;
use enginehouse_aws::{S3Config, S3Objects};
use enginehouse_capabilities::{ByteStream, ObjectEntry, ObjectPage};
use enginehouse_local::store::EmbeddedStore;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::*;

struct House {
    _data: tempfile::TempDir,
    objects: S3Objects,
}

async fn house() -> House {
    let data = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(data.path()).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = store.endpoint(listener.local_addr().unwrap());
    tokio::spawn(async move { store.serve(listener).await });
    let objects =
        S3Objects::new(&S3Config::own(endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key));
    House { _data: data, objects }
}

impl House {
    /// A table of these parts; they are handed over in the wrong order.
    async fn table(&self, format: Format, parts: &[impl AsRef<[u8]>]) -> ResultTable {
        let mut uris = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let uri: ObjectUri = format!("s3://out/run/part-{number:05}").parse().unwrap();
            let body = stream::iter([Ok(Bytes::copy_from_slice(part.as_ref()))]).boxed();
            self.objects.write(&uri, body).await.unwrap();
            uris.insert(0, uri);
        }
        ResultTable { name: "result".into(), format, header: true, escape: None, uris }
    }

    async fn page(&self, table: &ResultTable, offset: u64, limit: usize) -> Page {
        read_page(&self.objects, table, offset, limit).await.unwrap()
    }

    async fn refused(&self, table: &ResultTable) -> String {
        match read_page(&self.objects, table, 0, 10).await {
            Err(Error::Invalid(text)) => text,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The store, and how many bytes of it were read.
    fn counting(&self) -> (Arc<Counting>, Arc<AtomicU64>) {
        let bytes = Arc::<AtomicU64>::default();
        (Arc::new(Counting { objects: self.objects.clone(), bytes: Arc::clone(&bytes) }), bytes)
    }

    /// Reads page after page and answers all rows and the sizes of the pages.
    async fn pages(&self, table: &ResultTable, limit: usize) -> (Vec<Vec<Value>>, Vec<usize>) {
        let (mut rows, mut sizes, mut offset) = (Vec::new(), Vec::new(), 0);
        loop {
            let page = self.page(table, offset, limit).await;
            sizes.push(page.rows.len());
            rows.extend(page.rows);
            match page.next {
                Some(next) => offset = next,
                None => return (rows, sizes),
            }
        }
    }
}

fn described(page: &Page) -> Vec<(&str, &str)> {
    page.columns.iter().map(|column| (column.name.as_str(), column.data_type.as_str())).collect()
}

fn parquet(batch: &RecordBatch, rows_of_a_group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_of_a_group))
        .set_dictionary_page_size_limit(16 << 20)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file
}

fn numbers(range: std::ops::Range<i64>) -> RecordBatch {
    RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from_iter_values(range)) as ArrayRef)]).unwrap()
}

/// Two rows with a column of each type.
fn values() -> RecordBatch {
    let seconds = 1_706_702_400_i64;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("big", Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None]))),
        ("unsigned", Arc::new(UInt64Array::from(vec![u64::MAX, 0]))),
        ("small", Arc::new(Int8Array::from(vec![-1, 2]))),
        ("single", Arc::new(Float32Array::from(vec![0.1, f32::NAN]))),
        ("double", Arc::new(Float64Array::from(vec![f64::NEG_INFINITY, 0.5]))),
        (
            "money",
            Arc::new(
                Decimal128Array::from(vec![12_345_678_901_234_567_890, -5]).with_precision_and_scale(20, 2).unwrap(),
            ),
        ),
        ("text", Arc::new(StringArray::from(vec!["日本 \"x\"", ""]))),
        ("raw", Arc::new(BinaryArray::from_vec(vec![b"\x00\xff", b""]))),
        ("yes", Arc::new(BooleanArray::from(vec![true, false]))),
        ("day", Arc::new(Date32Array::from(vec![19_753, i32::MAX]))),
        ("plain", Arc::new(TimestampMicrosecondArray::from(vec![seconds * 1_000_000 + 5, 0]))),
        ("zoned", Arc::new(TimestampMillisecondArray::from(vec![seconds * 1000, 0]).with_timezone("Europe/Berlin"))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]))),
        ("kind", Arc::new(DictionaryArray::<Int32Type>::from_iter(["a", "b"]))),
        (
            "pair",
            Arc::new(StructArray::from(vec![(
                Arc::new(Field::new("x", DataType::Int64, false)),
                Arc::new(Int64Array::from(vec![i64::MAX, 1])) as ArrayRef,
            )])),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// Counts the bytes that are read, which is all there is to know of an answer that is the same.
#[derive(Debug)]
struct Counting {
    objects: S3Objects,
    bytes: Arc<AtomicU64>,
}

impl Counting {
    fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.objects.fmt(f)
    }
}

#[async_trait]
impl Objects for Counting {
    async fn head(&self, uri: &ObjectUri) -> Result<ObjectEntry> {
        self.objects.head(uri).await
    }

    async fn list(&self, prefix: &ObjectUri, after: Option<&str>) -> Result<ObjectPage> {
        self.objects.list(prefix, after).await
    }

    async fn read(&self, uri: &ObjectUri, offset: u64, length: u64) -> Result<Bytes> {
        let bytes = self.objects.read(uri, offset, length).await?;
        self.count(bytes.len());
        Ok(bytes)
    }

    async fn stream(&self, uri: &ObjectUri) -> Result<ByteStream> {
        let counter = Arc::clone(&self.bytes);
        let body = self.objects.stream(uri).await?.inspect_ok(move |bytes| {
            counter.fetch_add(bytes.len() as u64, Relaxed);
        });
        Ok(body.boxed())
    }

    async fn write(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        self.objects.write(uri, body).await
    }

    async fn create(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        self.objects.create(uri, body).await
    }

    async fn delete(&self, uri: &ObjectUri) -> Result<()> {
        self.objects.delete(uri).await
    }
}
