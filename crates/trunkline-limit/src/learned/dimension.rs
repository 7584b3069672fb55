//! What an upstream counts.

/// One thing that an upstream counts and limits by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Tokens of a language model, in and out.
    Tokens,
    /// Tokens that are sent.
    TokensIn,
    /// Tokens that are generated.
    TokensOut,
    /// What else the connector declares: points, cost, bytes.
    Other,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Requests,
        Self::Tokens,
        Self::TokensIn,
        Self::TokensOut,
        Self::Other,
    ];

    /// Its name in settings, metrics and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::TokensIn => "tokens_in",
            Self::TokensOut => "tokens_out",
            Self::Other => "other",
        }
    }
}

/// A value for each dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimensions<T> {
    /// Of [`Dimension::Requests`].
    pub requests: T,
    /// Of [`Dimension::Tokens`].
    pub tokens: T,
    /// Of [`Dimension::TokensIn`].
    pub tokens_in: T,
    /// Of [`Dimension::TokensOut`].
    pub tokens_out: T,
    /// Of [`Dimension::Other`].
    pub other: T,
}

/// What a call takes of each dimension.
pub type Amounts = Dimensions<u32>;

impl<T> Dimensions<T> {
    /// The value of one.
    pub const fn get(&self, dimension: Dimension) -> &T {
        match dimension {
            Dimension::Requests => &self.requests,
            Dimension::Tokens => &self.tokens,
            Dimension::TokensIn => &self.tokens_in,
            Dimension::TokensOut => &self.tokens_out,
            Dimension::Other => &self.other,
        }
    }

    /// The value of one, to change it.
    pub const fn get_mut(&mut self, dimension: Dimension) -> &mut T {
        match dimension {
            Dimension::Requests => &mut self.requests,
            Dimension::Tokens => &mut self.tokens,
            Dimension::TokensIn => &mut self.tokens_in,
            Dimension::TokensOut => &mut self.tokens_out,
            Dimension::Other => &mut self.other,
        }
    }
}
