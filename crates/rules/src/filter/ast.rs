//! The tree of a condition.

use std::fmt;

/// A place in a condition's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Bytes from the beginning.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A constant as it is compared: bytes, because paths and arguments need not be UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Literal(pub Box<[u8]>);

impl Literal {
    /// The constant's text, with what is not UTF-8 replaced.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
    /// The constant's text when it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_text())
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All hold; two or more.
    And(Vec<Expr>),
    /// At least one holds; two or more.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// The name of a macro.
    Macro(String, Position),
    /// What a name stood for, once it is known: prints as its content.
    Named(Named, Box<Expr>),
    /// A comparison.
    Check(Check),
}

/// Where a part of a condition comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A macro.
    Macro(String),
    /// A rule's exception.
    Exception(String),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What is compared.
    pub left: Operand,
    /// How.
    pub op: Op,
    /// How many of the values on the right have to agree, where that is said.
    pub modifier: Option<Modifier>,
    /// With what; `None` for `exists`.
    pub right: Option<Right>,
    /// Where the comparison begins.
    pub position: Position,
}

/// A value that is taken from the event, or a constant inside a transformer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A field.
    Field {
        /// Its name, without the argument.
        name: String,
        /// What stands between `[` and `]`.
        arg: Option<Literal>,
        /// Where it stands.
        position: Position,
    },
    /// A transformer and what it is applied to.
    Call {
        /// Which.
        transformer: Transformer,
        /// Its arguments.
        args: Vec<Operand>,
        /// What stands between `[` and `]` behind it.
        index: Option<Literal>,
        /// Where it stands.
        position: Position,
    },
    /// A constant.
    Constant(Literal),
    /// A list, as an argument of a transformer.
    List(Vec<Operand>),
}

/// What stands to the right of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// One constant.
    Value(Literal),
    /// Constants in parentheses.
    List(Vec<Literal>),
    /// The name of a list.
    Name(String),
    /// Another value of the same event: `val(field)` or a transformer.
    Operand(Operand),
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }
        impl $name {
            /// All of them, in the order in which error messages name them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// As it is written.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// The one that is written so.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

words! {
    /// How two values are compared.
    Op {
        /// It has a value.
        Exists = "exists",
        /// At most.
        Le = "<=",
        /// Less.
        Lt = "<",
        /// At least.
        Ge = ">=",
        /// More.
        Gt = ">",
        /// Equal, in C's spelling.
        EqEq = "==",
        /// Equal.
        Eq = "=",
        /// Not equal.
        Ne = "!=",
        /// Agrees with a shell pattern.
        Glob = "glob",
        /// The same, whatever the case.
        IGlob = "iglob",
        /// Has it inside.
        Contains = "contains",
        /// The same, whatever the case.
        IContains = "icontains",
        /// Has these bytes, given in hexadecimal, inside.
        BContains = "bcontains",
        /// Begins with it.
        StartsWith = "startswith",
        /// Begins with these bytes, given in hexadecimal.
        BStartsWith = "bstartswith",
        /// Ends with it.
        EndsWith = "endswith",
        /// The whole of it agrees with a regular expression.
        Regex = "regex",
        /// Has a value in common with the list.
        Intersects = "intersects",
        /// Is one of the list; for a list, each of its values is.
        In = "in",
        /// Is a path below (or equal to) one of the list.
        PMatch = "pmatch",
    }
}

impl Op {
    /// Takes a list on the right.
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::Intersects | Self::In | Self::PMatch)
    }
    /// Takes a number on the right.
    pub const fn takes_number(self) -> bool {
        matches!(self, Self::Le | Self::Lt | Self::Ge | Self::Gt)
    }
    /// Spelled with letters, so that a blank has to follow where a text does.
    pub const fn needs_blank(self) -> bool {
        matches!(
            self,
            Self::Glob
                | Self::IGlob
                | Self::Contains
                | Self::IContains
                | Self::BContains
                | Self::StartsWith
                | Self::BStartsWith
                | Self::EndsWith
                | Self::Regex
        )
    }
}

words! {
    /// How many of the values on the right have to agree.
    Modifier {
        /// Exactly one.
        OneOf = "oneof",
        /// At least one.
        AnyOf = "anyof",
        /// All.
        AllOf = "allof",
    }
}

words! {
    /// What can be done to a value before it is compared.
    Transformer {
        /// Nothing; makes a field stand on the right.
        Val = "val",
        /// Lower case (ASCII).
        ToLower = "tolower",
        /// Upper case (ASCII).
        ToUpper = "toupper",
        /// Decodes base64.
        B64 = "b64",
        /// The last part of a path.
        Basename = "basename",
        /// Bytes of a text, or values of a list.
        Len = "len",
        /// The values of a list with a text between them.
        Join = "join",
        /// One text after the other.
        Concat = "concat",
        /// The options of a command line, as POSIX getopt finds them.
        GetOpt = "getopt",
    }
}
