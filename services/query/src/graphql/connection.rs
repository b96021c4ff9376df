//! Lists with cursors, as Relay wants them.

use async_graphql::SimpleObject;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use vedetta_api::Code;

use super::errors::{Answer, Failure, error};
use crate::readers::{ReadError, Slice};

/// Longest page.
pub const MOST: i32 = 500;
/// Longest cursor, in characters.
const LONGEST: usize = 2048;

/// Where a page lies in its list.
#[derive(Debug, Clone, Default, SimpleObject)]
pub struct PageInfo {
    /// There may be more after this page. A page may be short, even empty, and still go on.
    pub has_next_page: bool,
    /// There is something before this page.
    pub has_previous_page: bool,
    /// The first edge's cursor.
    pub start_cursor: Option<String>,
    /// Where to go on.
    pub end_cursor: Option<String>,
    /// How many items are missing from this page because what was stored of them is damaged.
    pub damaged: i32,
}

/// Which page is asked for.
#[derive(Debug)]
pub struct PageArgs {
    /// Items wanted.
    pub first: usize,
    /// The place to go on after.
    pub after: Option<Vec<u8>>,
}

impl PageArgs {
    /// From a field's arguments.
    pub fn new(first: Option<i32>, default: i32, after: Option<&str>) -> Answer<Self> {
        let first = first.unwrap_or(default);
        if !(1..=MOST).contains(&first) {
            return Err(Failure(error(Code::Invalid, format!("`first` is {first}: ask for 1 to {MOST}"))));
        }
        let after = match after {
            None => None,
            Some(text) if text.len() > LONGEST => return Err(ReadError::BadCursor.into()),
            Some(text) => Some(URL_SAFE_NO_PAD.decode(text).map_err(|_| ReadError::BadCursor)?),
        };
        Ok(Self { first: usize::try_from(first).unwrap_or(1), after })
    }

    /// The place to go on after.
    pub fn after(&self) -> Option<&[u8]> {
        self.after.as_deref()
    }

    /// The page info of what was found.
    pub fn info<T>(&self, slice: &Slice<T>) -> PageInfo {
        let last = slice.items.last().map(|(place, _)| place);
        PageInfo {
            has_next_page: slice.next.is_some(),
            has_previous_page: self.after.is_some(),
            start_cursor: slice.items.first().map(|(place, _)| cursor(place)),
            end_cursor: slice.next.as_ref().or(last).map(cursor),
            damaged: i32::try_from(slice.damaged).unwrap_or(i32::MAX),
        }
    }
}

/// A place as a cursor.
pub fn cursor(place: &Bytes) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// What a list field with `first` costs.
pub fn cost(first: Option<i32>, default: i32, each: usize) -> usize {
    usize::try_from(first.unwrap_or(default).clamp(0, MOST)).unwrap_or(0) * each + 1
}

/// Declares the connection and edge types of a node type.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $what:literal) => {
        #[doc = concat!("A page of ", $what, ".")]
        #[derive(Debug, Clone, Default)]
        pub struct $connection {
            edges: Vec<$edge>,
            page_info: crate::graphql::connection::PageInfo,
        }

        #[doc = concat!("One of a page of ", $what, ".")]
        #[derive(Debug, Clone, async_graphql::SimpleObject)]
        pub struct $edge {
            /// It.
            pub node: $node,
            /// Its place in the list.
            pub cursor: String,
        }

        #[async_graphql::Object]
        impl $connection {
            /// Each with its cursor.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }
            /// The same without cursors.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }
            /// Where this page lies.
            async fn page_info(&self) -> &crate::graphql::connection::PageInfo {
                &self.page_info
            }
        }

        impl $connection {
            /// From what was read.
            pub fn of<T>(
                args: &crate::graphql::connection::PageArgs,
                slice: crate::readers::Slice<T>,
                make: impl Fn(T) -> $node,
            ) -> Self {
                let page_info = args.info(&slice);
                let edge = |(place, item)| $edge {
                    cursor: crate::graphql::connection::cursor(&place),
                    node: make(item),
                };
                Self { edges: slice.items.into_iter().map(edge).collect(), page_info }
            }
        }
    };
}
pub(crate) use connection;
