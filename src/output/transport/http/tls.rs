//! TLS under the HTTP library as it is under the other protocols: the same settings, and the same words for what is wrong.

use super::super::tls::TlsOptions;
use rustls::{ClientConnection, StreamOwned};
use std::fmt;
use std::io::{self, Read as _, Write as _};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

/// Speaks TLS over a connection that stands, where it leads to an address that wants it.
#[derive(Debug)]
pub(super) struct TlsConnector(pub(super) TlsOptions);

impl<Plain: Transport> Connector<Plain> for TlsConnector {
    type Out = Either<Plain, TlsTransport>;

    fn connect(&self, details: &ConnectionDetails<'_>, plain: Option<Plain>) -> Result<Option<Self::Out>, Error> {
        let Some(plain) = plain else { return Ok(None) };
        if !details.needs_tls() {
            // The way to a proxy.
            return Ok(Some(Either::A(plain)));
        }
        let host = details.uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = self.0.name_of(host).map_err(io::Error::other)?;
        let session = ClientConnection::new(self.0.config(), name).map_err(io::Error::other)?;
        let mut socket = TransportAdapter::new(Box::new(plain) as Box<dyn Transport>, details.current_time.clone());
        socket.set_timeout(details.timeout);
        let mut stream = StreamOwned::new(session, socket);
        stream.conn.complete_io(&mut stream.sock)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(TlsTransport { stream, buffers })))
    }
}

/// A connection over TLS.
pub(super) struct TlsTransport {
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    buffers: LazyBuffers,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(self.stream.flush()?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}
