//! How a field's values are taken from a JSON event.

use std::borrow::Cow;

use super::json::Json;

/// A way through objects, by their keys.
pub(super) type Path = &'static [&'static str];

/// Texts that a field has for an event.
pub(super) type Texts<'j> = Vec<Cow<'j, str>>;

/// What stands between the brackets of a field.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Argument<'f> {
    pub(super) text: &'f str,
    pub(super) index: Option<usize>,
}

/// How the values of a field are taken. No value at the place is no value of the field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Take {
    /// A text, or anything else as JSON.
    Any(Path),
    /// The same, but `null` is no value.
    Given(Path),
    /// A text; anything else is no value.
    Text(Path),
    /// `true` or `false`; anything else is no value.
    Bool(Path),
    /// A number that is not negative.
    Count(Path),
    /// Anything, a text too, as JSON.
    Json(Path),
    /// The first of several that has a value.
    First(&'static [Take]),
    /// The items of a list, or the one that the argument says; each as for [`Take::Any`].
    List(Path),
    /// What lies at the end of a path in each item of the lists on the way, or in the one that the
    /// argument says. Items that lack it are left out.
    Each(Path),
    /// The same, where all items have to have it.
    EachOfAll(Path),
    /// The same as [`Take::Each`], where each is a list: the items of all of these.
    Flat(Path),
    /// One value that is put together by hand.
    One(for<'j> fn(&'j Json, Argument<'_>) -> Option<Cow<'j, str>>),
    /// Several values that are put together by hand.
    Many(for<'j> fn(&'j Json, Argument<'_>) -> Option<Texts<'j>>),
}

impl Take {
    /// The values. Empty: the field has none.
    pub(super) fn values<'j>(&self, event: &'j Json, argument: Argument<'_>) -> Texts<'j> {
        let one = |value: Option<Cow<'j, str>>| value.into_iter().collect();
        match self {
            Self::Any(path) => one(event.at(path).map(any_text)),
            Self::Given(path) => one(event.at(path).and_then(given)),
            Self::Text(path) => one(event.at(path).and_then(Json::as_text).map(Cow::Borrowed)),
            Self::Bool(path) => one(event.at(path).and_then(|value| match value {
                Json::Bool(value) => Some(bool_text(*value)),
                _ => None,
            })),
            Self::Count(path) => {
                one(event.at(path).and_then(Json::as_count).map(|n| Cow::Owned(n.to_string())))
            }
            Self::Json(path) => one(event.at(path).map(|value| Cow::Owned(value.to_json()))),
            Self::First(takes) => {
                let mut values = takes.iter().map(|take| take.values(event, argument));
                values.find(|values| !values.is_empty()).unwrap_or_default()
            }
            Self::List(path) => {
                let items = event.at(path).and_then(Json::as_list).unwrap_or_default();
                let picked =
                    items.iter().enumerate().filter(|(at, _)| argument.index.is_none_or(|i| i == *at));
                picked.map(|(_, item)| any_text(item)).collect()
            }
            Self::Each(path) => {
                let found = walk(event, path, argument.index).unwrap_or_default();
                found.into_iter().flatten().map(any_text).collect()
            }
            Self::EachOfAll(path) => {
                let found = walk(event, path, argument.index).unwrap_or_default();
                let all: Option<Texts<'_>> = found.into_iter().map(|value| value.map(any_text)).collect();
                all.unwrap_or_default()
            }
            Self::Flat(path) => {
                let found = walk(event, path, argument.index).unwrap_or_default();
                let lists = found.into_iter().flatten().filter_map(Json::as_list);
                lists.flatten().map(any_text).collect()
            }
            Self::One(make) => one(make(event, argument)),
            Self::Many(make) => make(event, argument).unwrap_or_default(),
        }
    }
}

/// A text as it is, anything else as JSON.
pub(super) fn any_text(value: &Json) -> Cow<'_, str> {
    match value {
        Json::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_json()),
    }
}

/// The same; `null` is how some logs write what they do not know.
pub(super) fn given(value: &Json) -> Option<Cow<'_, str>> {
    (*value != Json::Null).then(|| any_text(value))
}

pub(super) const fn bool_text(value: bool) -> Cow<'static, str> {
    Cow::Borrowed(if value { "true" } else { "false" })
}

/// Follows a path through objects and, in lists, through each item or through the one at `index`.
/// `None` when the path ends early; an item in which it does leaves a gap.
pub(super) fn walk<'j>(
    value: &'j Json,
    path: &[&str],
    index: Option<usize>,
) -> Option<Vec<Option<&'j Json>>> {
    let mut value = value;
    for (step, key) in path.iter().enumerate() {
        if let Json::List(items) = value {
            match index {
                None => {
                    let rest = path.get(step..).unwrap_or_default();
                    let found =
                        items.iter().map(|item| walk(item, rest, index).unwrap_or_else(|| vec![None]));
                    return Some(found.flatten().collect());
                }
                Some(index) => value = items.get(index)?,
            }
        }
        value = value.get(key)?;
    }
    Some(vec![Some(value)])
}
