//! Where ids, secrets and salts come from.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{SeedableRng, rngs::StdRng};

/// A source of randomness that commands share. Seeded from the system's, or by a test.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// From the system's random source.
    pub fn from_system() -> Self {
        Self::from_rng(StdRng::from_os_rng())
    }

    /// From a generator that was seeded elsewhere.
    pub fn from_rng(rng: StdRng) -> Self {
        Self(Arc::new(Mutex::new(rng)))
    }

    /// Draws.
    pub fn draw<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new id for an event.
    pub fn uuid(&self) -> uuid::Uuid {
        let bytes = self.draw(rand::Rng::random);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}
