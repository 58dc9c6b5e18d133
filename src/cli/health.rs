//! `followthrough health`: for containers without curl.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::{CLEAN, FINDINGS, complain, fail};

const PATIENCE: Duration = Duration::from_secs(2);

/// Ask the service on this machine whether it is alive; for container health checks.
///
/// Exits with 0 when GET /healthz on 127.0.0.1 answers with 200, with 1 when it does not.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the service listens.
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
}

pub fn run(arguments: &Arguments) -> u8 {
    match ask(arguments.port) {
        Ok(line) if line.contains(" 200 ") => CLEAN,
        Ok(line) => {
            complain(format_args!("the service answered: {}", line.trim()));
            FINDINGS
        }
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => fail(error),
        Err(error) => {
            complain(format_args!("nothing answers on port {}: {error}", arguments.port));
            FINDINGS
        }
    }
}

/// The first line of the answer.
fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned())
}
