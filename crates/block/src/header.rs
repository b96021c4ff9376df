//! What can be known of a block without opening its body.

use std::ops::Range;

use vedetta_model::{BootId, EventId, Kind, NodeId, TenantId, Timestamp};

use crate::{BlockError, Digest, MAX_BLOCK_BYTES, MAX_DECODED_BYTES, MAX_SPAN_NANOS, columns::MAX_ROWS};

pub const MAGIC: [u8; 4] = *b"VDB1";
/// What is written.
pub const VERSION: u16 = 3;
/// Bodies are MessagePack.
pub const ROWS: u16 = 1;
/// The first version whose header has a digest.
const DIGESTED: u16 = 3;
/// Magic, version, header length, header checksum.
pub const PREFIX: usize = 12;
/// No event of version 1 is smaller than this once decompressed: the count can't be claimed at will.
const MIN_EVENT_BYTES: u64 = 16;
/// The header without its two lists.
const FIXED: usize = 16 + 16 + 8 + 8 + 4 + 8 + 8 + 4 + 4 + 4;

/// What is in a block, readable without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Version of the format.
    pub version: u16,
    /// Whose events.
    pub tenant: TenantId,
    /// Where they happened.
    pub node: NodeId,
    /// The agent run that numbered them.
    pub boot: BootId,
    /// Number of the first event.
    pub first: u64,
    /// Number of the last event.
    pub last: u64,
    /// How many events. Less than the range has room for when some were lost before.
    pub count: u32,
    /// Time of the earliest event.
    pub earliest: Timestamp,
    /// Time of the latest event.
    pub latest: Timestamp,
    /// Which kinds of event, by number, rising. Numbers that this build has no name for are kept.
    pub kinds: Vec<u16>,
    /// What its events can be looked up by.
    pub digest: Digest,
    /// Bytes of the body.
    pub body_bytes: u32,
    /// Bytes of the body once it is decompressed.
    pub decoded_bytes: u32,
    /// CRC-32 of the body.
    pub body_crc: u32,
}

impl Header {
    /// Reads the header of a block and says where its body lies. The body is not looked at: its
    /// checksum is what [`Header::verify`] adds.
    pub fn parse(block: &[u8]) -> Result<(Self, Range<usize>), BlockError> {
        if block.len() > MAX_BLOCK_BYTES {
            return Err(BlockError::TooLarge(block.len()));
        }
        let (header, body_start) = Self::front(block)?;
        let end = body_start + header.body_bytes as usize;
        if block.len() != end {
            return Err(length(end, block));
        }
        Ok((header, body_start..end))
    }

    /// The header and where it ends.
    fn front(block: &[u8]) -> Result<(Self, usize), BlockError> {
        if block.len() < PREFIX {
            let is_start = MAGIC.starts_with(&block[..block.len().min(MAGIC.len())]);
            return Err(if is_start { length(PREFIX, block) } else { BlockError::Magic });
        }
        let mut prefix = Reader(&block[..PREFIX]);
        if prefix.array()? != MAGIC {
            return Err(BlockError::Magic);
        }
        let version = u16::from_le_bytes(prefix.array()?);
        let header_bytes = usize::from(u16::from_le_bytes(prefix.array()?));
        let header_crc = u32::from_le_bytes(prefix.array()?);
        // A newer version may lay out even the header anew: nothing behind its number is read.
        if !(ROWS..=VERSION).contains(&version) {
            return Err(BlockError::Version(version));
        }
        let body_start = PREFIX + header_bytes;
        let bytes = block.get(PREFIX..body_start).ok_or_else(|| length(body_start, block))?;
        if checksum(version, bytes) != header_crc {
            return Err(BlockError::Checksum { part: "header" });
        }
        Ok((Self::read(version, bytes)?, body_start))
    }

    /// Reads the header of a block whose body is not at hand.
    pub fn parse_head(head: &[u8]) -> Result<Self, BlockError> {
        Self::front(head).map(|(header, _)| header)
    }

    /// Reads the header and checks the body's bytes against it, without decoding them.
    pub fn verify(block: &[u8]) -> Result<Self, BlockError> {
        let (header, body) = Self::parse(block)?;
        header.check_body(&block[body])?;
        Ok(header)
    }

    /// The full id of the event with that number.
    pub const fn event_id(&self, seq: u64) -> EventId {
        EventId { node: self.node, boot: self.boot, seq }
    }

    /// Whether there are events of a kind in the body.
    pub fn has(&self, kind: Kind) -> bool {
        self.kinds.binary_search(&kind.into()).is_ok()
    }

    pub(crate) fn check_body(&self, body: &[u8]) -> Result<(), BlockError> {
        if crc32fast::hash(body) == self.body_crc {
            Ok(())
        } else {
            Err(BlockError::Checksum { part: "body" })
        }
    }

    fn read(version: u16, bytes: &[u8]) -> Result<Self, BlockError> {
        let mut reader = Reader(bytes);
        let node = NodeId::from_uuid(uuid::Uuid::from_bytes(reader.array()?));
        let boot = BootId::from_uuid(uuid::Uuid::from_bytes(reader.array()?));
        let first = u64::from_le_bytes(reader.array()?);
        let last = u64::from_le_bytes(reader.array()?);
        let count = u32::from_le_bytes(reader.array()?);
        let earliest = Timestamp::from_nanos(i64::from_le_bytes(reader.array()?));
        let latest = Timestamp::from_nanos(i64::from_le_bytes(reader.array()?));
        let body_bytes = u32::from_le_bytes(reader.array()?);
        let decoded_bytes = u32::from_le_bytes(reader.array()?);
        let body_crc = u32::from_le_bytes(reader.array()?);
        let [tenant_bytes] = reader.array()?;
        let tenant = std::str::from_utf8(reader.take(usize::from(tenant_bytes))?)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(BlockError::Header("its tenant is not a tenant id"))?;
        let [kind_count] = reader.array()?;
        let kinds: Vec<u16> = reader
            .take(2 * usize::from(kind_count))?
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let digest = if version >= DIGESTED {
            let bytes = u16::from_le_bytes(reader.array()?);
            Digest::from_bytes(reader.take(bytes.into())?)
        } else {
            Digest::default()
        };
        let header = Self {
            version,
            tenant,
            node,
            boot,
            first,
            last,
            count,
            earliest,
            latest,
            kinds,
            digest,
            body_bytes,
            decoded_bytes,
            body_crc,
        };
        if !reader.0.is_empty() {
            return Err(BlockError::Header("it is longer than its fields"));
        }
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), BlockError> {
        let wrong = if self.first == 0 || self.first > self.last {
            "its sequence range is empty"
        } else if self.count == 0 || u64::from(self.count) - 1 > self.last - self.first {
            "its event count does not fit its sequence range"
        } else if self.version == ROWS
            && u64::from(self.count) * MIN_EVENT_BYTES > u64::from(self.decoded_bytes)
        {
            "its body has no room for so many events"
        } else if self.count as usize > MAX_ROWS {
            "it has too many events"
        } else if self.earliest > self.latest {
            "its times are reversed"
        } else if self.version >= DIGESTED
            && self.latest.as_nanos().saturating_sub(self.earliest.as_nanos()) > MAX_SPAN_NANOS
        {
            "its times lie more than an hour apart"
        } else if self.kinds.is_empty() || !self.kinds.is_sorted_by(|a, b| a < b) {
            "its kinds are not a rising list"
        } else if self.decoded_bytes as usize > MAX_DECODED_BYTES {
            "its body is over the limit once decompressed"
        } else {
            return Ok(());
        };
        Err(BlockError::Header(wrong))
    }

    /// Everything before the body.
    pub(crate) fn write(&self) -> Result<Vec<u8>, &'static str> {
        let name = self.tenant.as_str().as_bytes();
        let tenant_bytes = u8::try_from(name.len()).map_err(|_| "tenant name too long")?;
        let kind_count = u8::try_from(self.kinds.len()).map_err(|_| "too many kinds")?;
        let digest = self.digest.as_bytes();
        let digest_bytes = u16::try_from(digest.len()).map_err(|_| "digest too long")?;
        let mut bytes = Vec::with_capacity(FIXED + 4 + name.len() + 2 * self.kinds.len() + digest.len());
        bytes.extend(self.node.as_uuid().as_bytes());
        bytes.extend(self.boot.as_uuid().as_bytes());
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.last.to_le_bytes());
        bytes.extend(self.count.to_le_bytes());
        bytes.extend(self.earliest.as_nanos().to_le_bytes());
        bytes.extend(self.latest.as_nanos().to_le_bytes());
        bytes.extend(self.body_bytes.to_le_bytes());
        bytes.extend(self.decoded_bytes.to_le_bytes());
        bytes.extend(self.body_crc.to_le_bytes());
        bytes.push(tenant_bytes);
        bytes.extend(name);
        bytes.push(kind_count);
        bytes.extend(self.kinds.iter().flat_map(|kind| kind.to_le_bytes()));
        bytes.extend(digest_bytes.to_le_bytes());
        bytes.extend(digest);
        let header_bytes = u16::try_from(bytes.len()).map_err(|_| "header too long")?;

        let mut all = Vec::with_capacity(PREFIX + bytes.len() + self.body_bytes as usize);
        all.extend(MAGIC);
        all.extend(self.version.to_le_bytes());
        all.extend(header_bytes.to_le_bytes());
        all.extend(checksum(self.version, &bytes).to_le_bytes());
        all.extend(bytes);
        Ok(all)
    }
}

/// Covers the version and the length too: with the magic number no bit is left unguarded.
fn checksum(version: u16, header: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&version.to_le_bytes());
    crc.update(&(header.len() as u64).to_le_bytes());
    crc.update(header);
    crc.finalize()
}

const fn length(expected: usize, block: &[u8]) -> BlockError {
    BlockError::Length { expected, actual: block.len() }
}

/// Takes fields off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BlockError> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(BlockError::Header("it is shorter than its fields"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BlockError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }
}
