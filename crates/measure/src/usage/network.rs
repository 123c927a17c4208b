//! Network interfaces, from `/proc/net/dev` and `/proc/net/snmp`.

use procfs_core::FromBufRead as _;
use procfs_core::net::{InterfaceDeviceStatus, Snmp};
use serde::{Deserialize, Serialize};

use super::{Source, ends, moved, read};

/// Network: utilisation by bytes, saturation by drops and retransmissions, errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkUse {
    /// Bytes received, the loopback interface left out.
    pub received_bytes: u64,
    /// Bytes sent, the loopback interface left out.
    pub sent_bytes: u64,
    /// Bytes through the loopback interface.
    pub loopback_bytes: u64,
    /// Packets dropped on any interface.
    pub drops: u64,
    /// Packets in error on any interface.
    pub errors: u64,
    /// TCP segments sent again.
    pub retransmitted: Source<u64>,
}

/// The counters since boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    received: u64,
    sent: u64,
    loopback: u64,
    drops: u64,
    errors: u64,
    retransmitted: Result<u64, String>,
}

impl Counters {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(&read("/proc/net/dev")?, read("/proc/net/snmp"))
    }

    /// Reads the texts of `/proc/net/dev` and `/proc/net/snmp`.
    ///
    /// # Errors
    /// What is wrong with the first.
    pub fn parse(dev: &str, snmp: Result<String, String>) -> Result<Self, String> {
        let InterfaceDeviceStatus(interfaces) =
            InterfaceDeviceStatus::from_buf_read(dev.as_bytes())
                .map_err(|error| format!("/proc/net/dev: {error}"))?;
        let retransmitted = snmp.and_then(|text| {
            Snmp::from_buf_read(text.as_bytes())
                .map(|snmp| snmp.tcp_retrans_segs)
                .map_err(|error| format!("/proc/net/snmp: {error}"))
        });
        let mut counters =
            Self { received: 0, sent: 0, loopback: 0, drops: 0, errors: 0, retransmitted };
        for (name, interface) in interfaces {
            if name == "lo" {
                counters.loopback += interface.recv_bytes;
            } else {
                counters.received += interface.recv_bytes;
                counters.sent += interface.sent_bytes;
            }
            counters.drops += interface.recv_drop + interface.sent_drop;
            counters.errors += interface.recv_errs + interface.sent_errs;
        }
        Ok(counters)
    }
}

impl NetworkUse {
    /// The network over a series of looks.
    ///
    /// # Errors
    /// Which counter made no sense.
    pub fn over(counters: &[Counters]) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        let retransmitted = || -> Result<u64, String> {
            moved("retransmissions", first.retransmitted.clone()?, last.retransmitted.clone()?)
        };
        Ok(Self {
            received_bytes: moved("bytes received", first.received, last.received)?,
            sent_bytes: moved("bytes sent", first.sent, last.sent)?,
            loopback_bytes: moved("loopback bytes", first.loopback, last.loopback)?,
            drops: moved("drops", first.drops, last.drops)?,
            errors: moved("network errors", first.errors, last.errors)?,
            retransmitted: retransmitted().into(),
        })
    }

    pub(super) fn finding(&self) -> Option<String> {
        (self.errors > 0).then(|| format!("network: {} packets were in error", self.errors))
    }
}
