//! pgbench, once for each measurement, without the time in which it connects.

use std::process::Command;
use std::time::Instant;

use measure::peer::{Answer, Loaded, Measured, Refused, Session};

use crate::Server;

/// Its threads, as many as the store's side has.
const THREADS: &str = "2";

struct Pgbench {
    server: Server,
    script: &'static str,
    protocol: String,
    clients: u32,
    each: u32,
}

/// A built-in script of pgbench, by so many clients, so often each.
pub fn load(
    server: Server,
    script: &'static str,
    protocol: &str,
    clients: u32,
    each: u32,
) -> Result<Loaded, Refused> {
    let output = Command::new(&server.pgbench).arg("--version").output()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let note = format!("{version}, {script}, {protocol}, {clients} clients");
    let protocol = protocol.to_owned();
    Ok((note, Box::new(Pgbench { server, script, protocol, clients, each })))
}

impl Pgbench {
    /// Transactions that were processed, and nanoseconds for all of them.
    fn run(&self, times: u32) -> Result<(u64, f64), Refused> {
        let each = self.each * times;
        let output = Command::new(&self.server.pgbench)
            .args(["--no-vacuum", "--jobs", THREADS])
            .args(["--builtin", self.script, "--protocol", &self.protocol])
            .args(["--client", &self.clients.to_string(), "--transactions", &each.to_string()])
            .arg(&self.server.url)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = || {
            let errors = String::from_utf8_lossy(&output.stderr);
            format!("pgbench: {}: {} {}", output.status, said.trim(), errors.trim())
        };
        let after = |label: &str| said.lines().find_map(|line| line.strip_prefix(label));
        let processed = after("number of transactions actually processed: ");
        let processed = processed.and_then(|text| text.split('/').next()?.parse::<u64>().ok());
        let tps = after("tps = ").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        match (processed, tps) {
            (Some(processed), Some(tps)) if output.status.success() => {
                Ok((processed, 1e9 * processed as f64 / tps))
            }
            _ => Err(failed().into()),
        }
    }
}

impl Session for Pgbench {
    fn answer(&mut self) -> Result<Answer, Refused> {
        self.run(1).map(|(processed, _)| Answer::checksum(processed))
    }

    fn measure(&mut self, repeats: u32) -> Result<Measured, Refused> {
        let began = Instant::now();
        let (processed, ns) = self.run(repeats)?;
        let expected = u64::from(self.clients) * u64::from(self.each) * u64::from(repeats);
        if processed != expected {
            return Err(format!("{processed} of {expected} transactions were processed").into());
        }
        let elapsed_ns = Some(began.elapsed().as_nanos() as f64);
        Ok(Measured { ns, operations: processed, elapsed_ns })
    }
}
