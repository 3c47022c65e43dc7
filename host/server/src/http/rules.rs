//! `/docs/rules`: what each rule is about, from the plugin that has it.

use std::fmt::Write as _;

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse},
};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::{Answer, ApiError, AppState, body::Path, views::word};
use crate::service::frameworks::{self, Framework};

/// A page comes from a plugin: it may have text and nothing that acts.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 sans-serif}\
                     pre{padding:.8rem;background:#f4f4f4;overflow:auto}code{font-family:monospace}\
                     td{padding:.2rem .6rem;vertical-align:top}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}\
                     pre{background:#262626}a{color:#8bf}}";

/// The rules of all frameworks that serve.
#[utoipa::path(get, path = "/docs/rules", responses((status = 200, content_type = "text/html", body = String)))]
pub(super) async fn list(app: AppState) -> impl IntoResponse {
    let mut body = "<h1>Rules</h1>".to_owned();
    for Framework { description, .. } in frameworks::list(&app) {
        let _ = write!(body, "<h2>{}</h2><table>", escaped(&description.title));
        for rule in &description.rules {
            let (id, severity, summary) = (escaped(&rule.id), word(rule.severity), escaped(&rule.summary));
            let path = path(&description.framework, &rule.id);
            let _ = write!(body, "<tr><td><a href=\"{path}\">{id}</a></td><td>{severity}</td><td>{summary}</td></tr>");
        }
        body.push_str("</table>");
    }
    page("Rules", &body)
}

/// One rule: what is wrong, why, and what is right instead.
#[utoipa::path(
    get, path = "/docs/rules/{framework}/{rule}",
    responses((status = 200, content_type = "text/html", body = String), (status = 404, description = "no such rule"))
)]
pub(super) async fn show(app: AppState, Path((framework, id)): Path<(String, String)>) -> Answer<impl IntoResponse> {
    let Framework { description, .. } = frameworks::get(&app, &framework)?;
    let rule = description.rules.iter().find(|rule| rule.id == id).ok_or_else(|| {
        let detail = format!("`{framework}` has no rule of this name: /docs/rules lists all");
        ApiError::new(StatusCode::NOT_FOUND, "no-such-rule", detail)
    })?;
    let text = if rule.page.is_empty() { format!("# {}: {}", rule.id, rule.summary) } else { rule.page.clone() };
    let severity = format!("<p>Usually {} · {}</p>", word(rule.severity), escaped(&description.title));
    let more = "<p><a href=\"/docs/rules\">All rules</a></p>";
    Ok(page(&rule.id, &(rendered(&text) + &severity + more)))
}

/// Where a rule's page is; rules are named by plugins.
pub(super) fn path(framework: &str, rule: &str) -> String {
    let rule: String = url::form_urlencoded::byte_serialize(rule.as_bytes()).collect();
    format!("/docs/rules/{framework}/{}", rule.replace('+', "%20"))
}

fn page(title: &str, body: &str) -> impl IntoResponse + use<> {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Enginehouse</title><style>{STYLE}</style></head><body>{body}</body></html>"
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], Html(html))
}

/// Markdown as HTML, with tags of its own as the text that they are, and links to nothing but pages.
fn rendered(markdown: &str) -> String {
    let harmless = |url: &str| url.starts_with("https://") || url.starts_with('/') || url.starts_with('#');
    let mut open = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            open.push(harmless(dest_url));
            open.last().copied().unwrap_or_default().then_some(event)
        }
        Event::End(TagEnd::Link) => open.pop().unwrap_or_default().then_some(event),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        event => Some(event),
    });
    let mut html = String::new();
    html::push_html(&mut html, events);
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_text_and_nothing_that_acts() {
        let html = rendered(
            "# X1: no <script>alert(1)</script>\n\n<img src=x onerror=y>\n\n[a](javascript:b) [c](https://d.e) ![f](https://g.h/i.png)\n",
        );
        for never in ["<script", "<img", "javascript:"] {
            assert!(!html.contains(never), "{html}");
        }
        assert!(html.contains("<a href=\"https://d.e\">c</a>") && html.contains("&lt;script&gt;"), "{html}");
    }

    #[test]
    fn a_name_that_a_plugin_chose_stays_within_its_path() {
        assert_eq!(path("hello", "P002"), "/docs/rules/hello/P002");
        assert_eq!(path("x", "../a b\"<"), "/docs/rules/x/..%2Fa%20b%22%3C");
    }
}
