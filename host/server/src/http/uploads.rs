//! `/v1/uploads`.

use std::{io, sync::Arc};

use axum::{
    Json,
    extract::{
        Multipart,
        multipart::{MultipartError, MultipartRejection},
    },
    http::{HeaderMap, StatusCode},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::{Answer, ApiError, AppState, body::declared_length, caller::Caller, views::ColumnView};
use crate::service::{
    self, ids,
    inspect::Hints,
    intake::{self, Fault},
    uploads::{self, Kept, Upload},
};

/// What was found in an uploaded file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadView {
    pub session_id: String,
    pub uri: String,
    pub bytes: u64,
    pub format: String,
    pub columns: Vec<ColumnView>,
    /// What a CSV came in, as it was told or detected: `UTF-8`, `windows-1252`, …. It is kept as UTF-8.
    pub encoding: Option<&'static str>,
    /// `header` and `delimiter`, as they were told or detected; `multiline` where a cell holds a line break.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub properties: std::collections::BTreeMap<String, String>,
    /// The first lines.
    pub sample: Option<String>,
}

impl UploadView {
    /// A source as its uploader sees it.
    pub(super) fn new(session_id: String, kept: Kept) -> Self {
        let Kept { source, encoding } = kept;
        let column = |c: enginehouse_runtime::Column| ColumnView { name: c.name, data_type: c.data_type };
        Self {
            session_id,
            uri: source.uri,
            bytes: source.bytes.unwrap_or_default(),
            format: source.format.unwrap_or_default(),
            columns: source.columns.into_iter().map(column).collect(),
            encoding,
            properties: source.properties.into_iter().collect(),
            sample: source.sample,
        }
    }
}

/// The form's fields, for the description of the API.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct UploadForm {
    /// Whose source the file becomes; made up where it is missing.
    session_id: Option<String>,
    /// `csv`, `parquet` or `json`; told from the name where it is missing.
    format: Option<String>,
    /// Whether the first line holds the names: `true` or `false`; detected where it is missing.
    header: Option<String>,
    /// One character; detected where it is missing.
    delimiter: Option<String>,
    /// `utf-8`, `windows-1252`, `utf-16le`, …; detected where it is missing.
    encoding: Option<String>,
    /// The file. The last field: it is streamed, and what comes after it is not read.
    #[schema(format = Binary)]
    file: String,
}

/// Streams a file into the store and makes it its session's source. Fields before the file say how to read it.
#[utoipa::path(
    post, path = "/v1/uploads",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = UploadView), (status = 413, description = "larger than the operator allows"))
)]
pub(super) async fn create(
    app: AppState,
    Caller(owner): Caller,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Answer<(StatusCode, Json<UploadView>)> {
    intake::check_length(&app, declared_length(&headers))?;
    let mut form = form.map_err(|error| {
        ApiError::new(error.status(), "invalid-request", format!("{}: send multipart/form-data", error.body_text()))
    })?;
    let mut about = About::default();
    loop {
        let field = form.next_field().await.map_err(|error| unreadable(&error))?;
        let Some(mut field) = field else {
            return Err(ApiError::invalid("the form has no field `file`"));
        };
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file = field.file_name().unwrap_or_default().to_owned();
            let session = about.session.unwrap_or_else(ids::new_session);
            let (hints, encoding) = (about.hints, about.encoding);
            let upload = Upload { owner, session: session.clone(), name: file, hints, encoding };
            // The form's fields borrow from it, while the store takes a body that stands alone.
            let (sender, receiver) = mpsc::channel(8);
            let app = Arc::clone(&app);
            let kept = tokio::spawn(async move { uploads::add(&app, upload, whole(receiver)).await });
            let mut cut_off = None;
            while let Some(piece) = field.next().await {
                let sent = match piece {
                    Ok(piece) => sender.send(Some(piece)).await.is_ok(),
                    Err(error) => {
                        cut_off = Some(unreadable(&error));
                        false
                    }
                };
                if !sent {
                    break;
                }
            }
            if cut_off.is_none() {
                let _the_store_gave_up_before = sender.send(None).await;
            }
            drop(sender);
            let kept = kept.await.map_err(|_| {
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the upload was dropped; send it again")
            })?;
            if let Some(reason) = cut_off {
                return Err(reason);
            }
            return Ok((StatusCode::CREATED, Json(UploadView::new(session, kept?))));
        }
        let value = field.text().await.map_err(|error| unreadable(&error))?;
        about.set(&name, value)?;
    }
}

fn unreadable(error: &MultipartError) -> ApiError {
    match Fault::behind(error) {
        Some(fault) => service::Error::from(fault).into(),
        None => {
            let reason = error.body_text();
            ApiError::invalid(format!("the upload was cut off or is no form, and is not kept; send it again: {reason}"))
        }
    }
}

/// The pieces of a body up to its end, `None`. Without that, as when its sender hangs up, it is cut off and fails.
fn whole(receiver: mpsc::Receiver<Option<Bytes>>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Some(piece)) => Some((Ok(piece), Some(receiver))),
            Some(None) => None,
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    })
}

/// What the fields before the file say about it.
#[derive(Debug, Default)]
struct About {
    session: Option<String>,
    hints: Hints,
    encoding: Option<String>,
}

impl About {
    fn set(&mut self, name: &str, value: String) -> Answer<()> {
        match name {
            "session_id" => self.session = Some(ids::session(&value)?.to_owned()),
            "format" => self.hints.format = Some(value),
            "encoding" => self.encoding = Some(value),
            "header" | "delimiter" => self.hints.tell(name, &value)?,
            _ => {
                let fields = "session_id, format, header, delimiter, encoding and file";
                return Err(ApiError::invalid(format!("the form has an unknown field `{name}`: it has {fields}")));
            }
        }
        Ok(())
    }
}
