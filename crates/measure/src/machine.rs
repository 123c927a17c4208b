//! Where figures were taken and what built them: whether two of them may be compared at all.

use std::fs;
use std::hash::Hasher as _;
use std::process::Command;

use fnv::FnvHasher;
use procfs_core::{CpuInfo, FromBufRead as _, Meminfo};
use serde::{Deserialize, Serialize};

use crate::Figure;

/// A computer, as far as it decides wall times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// 16 hexadecimal digits over what does not change with an update: operating system,
    /// architecture, processor model, processors, and memory in whole GiB.
    pub hash: String,
    /// Operating system, such as `linux`.
    pub os: String,
    /// Its kernel's release.
    pub kernel: Option<String>,
    /// Instruction set, such as `x86_64`.
    pub arch: String,
    /// What the processor calls itself.
    pub cpu_model: Option<String>,
    /// Processors this process may use.
    pub cores: Option<u64>,
    /// Main memory.
    pub memory_bytes: Option<u64>,
    /// How processor 0 chooses its frequency; none where nobody says, as in most guests.
    pub governor: Option<String>,
    /// Whether the processor says that it is a guest's.
    pub is_virtual: Option<bool>,
}

impl Machine {
    /// The machine this runs on. What cannot be found out is none.
    #[must_use]
    pub fn of_this_host() -> Self {
        let text = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let cpu = text("/proc/cpuinfo").and_then(|t| CpuInfo::from_buf_read(t.as_bytes()).ok());
        let memory = text("/proc/meminfo").and_then(|t| Meminfo::from_buf_read(t.as_bytes()).ok());
        let machine = Self {
            hash: String::new(),
            os: std::env::consts::OS.to_owned(),
            kernel: text("/proc/sys/kernel/osrelease"),
            arch: std::env::consts::ARCH.to_owned(),
            cpu_model: cpu.as_ref().and_then(|cpu| cpu.model_name(0)).map(str::to_owned),
            cores: std::thread::available_parallelism().ok().map(|cores| cores.get() as u64),
            memory_bytes: memory.map(|memory| memory.mem_total),
            governor: text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            is_virtual: cpu
                .as_ref()
                .and_then(|cpu| cpu.flags(0))
                .map(|flags| flags.contains(&"hypervisor")),
        };
        machine.identified()
    }

    /// With the hash of what is known of it.
    #[must_use]
    pub fn identified(mut self) -> Self {
        self.hash = self.fingerprint();
        self
    }

    /// FNV-1a over the stable parts.
    fn fingerprint(&self) -> String {
        let unknown = || "unknown".to_owned();
        let parts = [
            self.os.clone(),
            self.arch.clone(),
            self.cpu_model.clone().unwrap_or_else(unknown),
            self.cores.map_or_else(unknown, |cores| cores.to_string()),
            self.memory_bytes.map_or_else(unknown, |bytes| (bytes >> 30).to_string()),
        ];
        let mut hasher = FnvHasher::default();
        for part in parts {
            hasher.write(part.as_bytes());
            hasher.write_u8(0);
        }
        format!("{:016x}", hasher.finish())
    }

    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let cores = self.cores.map_or("?".to_owned(), |cores| cores.to_string());
        let memory = self.memory_bytes.map_or("? memory".to_owned(), |bytes| {
            Figure { value: bytes as f64, unit: crate::Unit::Bytes }.to_string()
        });
        format!(
            "{}, {cores} processors, {memory}, {} {}{} (machine {})",
            self.cpu_model.as_deref().unwrap_or("unknown processor"),
            self.os,
            self.kernel.as_deref().unwrap_or("of unknown release"),
            if self.is_virtual == Some(true) { ", virtual" } else { "" },
            self.hash
        )
    }
}

/// What built the benches, as far as it decides instruction counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// `rustc --version`.
    pub rustc: Option<String>,
    /// The C library, such as `glibc 2.36`.
    pub libc: Option<String>,
    /// `valgrind --version`.
    pub valgrind: Option<String>,
    /// The processor that code is generated for.
    pub target_cpu: String,
}

impl Toolchain {
    /// What stands in the path of this process, with these compiler flags.
    #[must_use]
    pub fn of_this_host(rustflags: &str) -> Self {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        Self {
            rustc: first_line(&rustc, &["--version"]),
            libc: first_line("getconf", &["GNU_LIBC_VERSION"]),
            valgrind: first_line("valgrind", &["--version"]),
            target_cpu: target_cpu(rustflags),
        }
    }
}

/// The value of `-C target-cpu=...`, or `generic`.
fn target_cpu(rustflags: &str) -> String {
    let after = rustflags.rsplit_once("target-cpu=").map(|(_, after)| after);
    let cpu = after.and_then(|after| after.split_whitespace().next());
    cpu.unwrap_or("generic").to_owned()
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            hash: String::new(),
            os: "linux".into(),
            kernel: Some("6.1".into()),
            arch: "x86_64".into(),
            cpu_model: Some("Model".into()),
            cores: Some(2),
            memory_bytes: Some((24 << 30) + 4096),
            governor: None,
            is_virtual: Some(true),
        }
    }

    #[test]
    fn an_update_keeps_the_hash_and_another_processor_changes_it() {
        let before = machine().fingerprint();
        let updated = Machine {
            kernel: Some("6.2".into()),
            memory_bytes: Some((24 << 30) + 8192),
            governor: Some("powersave".into()),
            ..machine()
        };
        assert_eq!(updated.fingerprint(), before);
        for other in [
            Machine { cpu_model: Some("Model 2".into()), ..machine() },
            Machine { cores: Some(4), ..machine() },
            Machine { memory_bytes: Some(25 << 30), ..machine() },
            Machine { arch: "aarch64".into(), ..machine() },
        ] {
            assert_ne!(other.fingerprint(), before);
        }
    }

    #[test]
    fn the_last_target_cpu_counts_as_rustc_has_it() {
        assert_eq!(target_cpu(""), "generic");
        assert_eq!(target_cpu("-C target-cpu=x86-64-v3 -g"), "x86-64-v3");
        assert_eq!(target_cpu("-Ctarget-cpu=native -Ctarget-cpu=znver4"), "znver4");
    }
}
