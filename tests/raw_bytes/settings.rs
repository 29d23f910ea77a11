/// The settings of a generated server or client.
#[derive(Clone, Copy, Default)]
pub struct Settings {
    pub gzip: bool,
    pub decoding_limit: Option<usize>,
    pub encoding_limit: Option<usize>,
}

/// Applies the settings to a server or a client. All forms of both have the same methods.
macro_rules! set {
    ($settings:expr, $subject:expr) => {{
        use ::tonic::codec::CompressionEncoding::Gzip;

        let (settings, mut subject): ($crate::settings::Settings, _) = ($settings, $subject);
        if settings.gzip {
            subject = subject.accept_compressed(Gzip).send_compressed(Gzip);
        }
        if let Some(limit) = settings.decoding_limit {
            subject = subject.max_decoding_message_size(limit);
        }
        if let Some(limit) = settings.encoding_limit {
            subject = subject.max_encoding_message_size(limit);
        }
        subject
    }};
}
pub(crate) use set;
