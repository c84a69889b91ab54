//! Settings of `galley-registry`: a file, the environment, flags, each over the one before.
//!
//! A setting that is unknown or of the wrong form is refused, with the place it came from. No
//! secret is a setting: the certificate's key is a file, invitations are drawn and printed once,
//! and what signs webhooks lies in a file of its own.

use crate::{Error, FileChoice, Limits, Listening, Options, Tls, WebhookOptions};
use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Environment variables begin with this; two underscores go one level down
/// (`GALLEY_REGISTRY_LIMITS__CONNECTIONS`).
pub const PREFIX: &str = "GALLEY_REGISTRY_";

/// Every setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The data file.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The names by which clients call this registry: what stands in `Host`.
    pub hosts: Vec<String>,
    /// The certificate, a PEM file.
    pub tls_cert: Option<PathBuf>,
    /// Its private key, a PEM file.
    pub tls_key: Option<PathBuf>,
    /// A proxy stands before it and writes `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Seconds for which it goes on answering after it was told to stop, while `/readyz` says so.
    pub stop_notice_seconds: u64,
    /// The size that the data file may not exceed.
    pub max_bytes: Option<u64>,
    /// What is logged, as `tracing-subscriber` reads it.
    pub log: String,
    /// The file of what the registry itself must keep secret: `secrets.json` beside the
    /// configuration, or beside the data file where there is none.
    pub secrets: Option<PathBuf>,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
    /// What is taken at most.
    pub limits: Limits,
    /// Where these settings were read from.
    #[serde(skip)]
    config: Option<PathBuf>,
}

/// How webhooks are sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Whether they may go to private addresses.
    pub allow_private: bool,
    /// Certificates (PEM) to trust as well: a team's own authority.
    pub ca_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("galley-registry.sqlite"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7420)),
            hosts: Vec::new(),
            tls_cert: None,
            tls_key: None,
            behind_proxy: false,
            stop_notice_seconds: 0,
            max_bytes: None,
            log: "info".to_owned(),
            secrets: None,
            webhooks: WebhookSettings::default(),
            limits: Limits::default(),
            config: None,
        }
    }
}

impl Settings {
    /// Reads the file (if there is one), the environment and the flags.
    ///
    /// # Errors
    /// The setting that can't be used, and where it came from.
    pub fn read(file: Option<&Path>, flags: &impl Serialize) -> Result<Self, Error> {
        let mut settings = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.exists() {
                return Err(Error::Setting(format!(
                    "there is no configuration file {}",
                    file.display()
                )));
            }
            settings = settings.merge(Toml::file_exact(file));
        }
        let read: Self = settings
            .merge(Env::prefixed(PREFIX).ignore(&["config"]).split("__"))
            .merge(Serialized::from(flags, figment::Profile::Default))
            .extract()
            .map_err(|error| Error::Setting(in_words(error)))?;
        Ok(Self {
            config: file.map(Path::to_owned),
            ..read
        })
    }

    /// The file of what the registry itself must keep secret.
    #[must_use]
    pub fn secrets_file(&self) -> PathBuf {
        let beside = self.config.as_ref().unwrap_or(&self.data);
        self.secrets
            .clone()
            .unwrap_or_else(|| beside.with_file_name("secrets.json"))
    }

    /// How the data file is opened.
    #[must_use]
    pub fn options(&self, file: FileChoice) -> Options {
        Options {
            create: file == FileChoice::MayMake,
            max_bytes: self.max_bytes,
            limits: self.limits,
            webhooks: Some(WebhookOptions {
                allow_private: self.webhooks.allow_private,
                ca_file: self.webhooks.ca_file.clone(),
                ..WebhookOptions::new(self.secrets_file())
            }),
        }
    }

    /// Where and how to listen.
    ///
    /// # Errors
    /// A certificate without its key, or the other way round.
    pub fn listening(&self) -> Result<Listening, Error> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => Some(Tls {
                cert: cert.clone(),
                key: key.clone(),
            }),
            (None, None) => None,
            _ => {
                return Err(Error::Setting(
                    "TLS needs both the certificate and its key (tls_cert and tls_key)".to_owned(),
                ));
            }
        };
        if self.behind_proxy && !self.listen.ip().is_loopback() {
            return Err(Error::Setting(
                "behind a proxy the registry listens on loopback only: anybody else could write X-Forwarded-For".to_owned(),
            ));
        }
        Ok(Listening {
            address: self.listen,
            tls,
            hosts: self.hosts.clone(),
            behind_proxy: self.behind_proxy,
            read_first: true,
        })
    }
}

fn in_words(errors: figment::Error) -> String {
    let lines: Vec<String> = errors
        .into_iter()
        .map(|error| {
            let source = error
                .metadata
                .as_ref()
                .and_then(|from| Some((from.name.clone(), from.source.clone()?)))
                .map(|(name, source)| format!(" ({name}: {source})"))
                .or_else(|| {
                    error
                        .metadata
                        .as_ref()
                        .map(|from| format!(" ({})", from.name))
                })
                .unwrap_or_default();
            let place = error.path.join(".");
            format!("setting `{place}`: {}{source}", error.kind)
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn flags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn flags_win_over_the_file_and_errors_name_their_source() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("registry.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlog = \"debug\"\n").unwrap();
        let read = Settings::read(Some(&file), &flags(&[("listen", "127.0.0.1:2")])).unwrap();
        assert_eq!((read.listen.port(), read.log.as_str()), (2, "debug"));

        for (text, named) in [
            ("lissten = \"x\"", "lissten"),
            ("listen = \"nowhere\"", "listen"),
            ("[limits]\nconnections = \"many\"", "limits.connections"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = Settings::read(Some(&file), &flags(&[]))
                .unwrap_err()
                .to_string();
            assert!(error.contains(named), "{error}");
            assert!(error.contains("registry.toml"), "{error}");
        }
        let gone = Settings::read(Some(&home.path().join("none.toml")), &flags(&[]));
        assert!(gone.unwrap_err().to_string().contains("none.toml"));
    }

    #[test]
    fn a_certificate_needs_its_key_and_a_proxy_needs_loopback() {
        let half = Settings {
            tls_cert: Some("c.pem".into()),
            ..Settings::default()
        };
        assert!(half.listening().is_err());
        let open = Settings {
            behind_proxy: true,
            listen: "0.0.0.0:1".parse().unwrap(),
            ..Settings::default()
        };
        assert!(open.listening().is_err());
        assert!(Settings::default().listening().is_ok());
    }

    #[test]
    fn secrets_lie_beside_the_configuration_or_the_data_or_where_it_is_said() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("registry.toml");
        std::fs::write(&file, "data = \"elsewhere/r.sqlite\"\n").unwrap();
        let read = Settings::read(Some(&file), &flags(&[])).unwrap();
        assert_eq!(read.secrets_file(), home.path().join("secrets.json"));
        assert!(!read.webhooks.allow_private);

        let none = Settings::read(None, &flags(&[("data", "elsewhere/r.sqlite")])).unwrap();
        assert_eq!(none.secrets_file(), Path::new("elsewhere/secrets.json"));

        let text = "secrets = \"keys/s.json\"\n[webhooks]\nallow_private = true\n";
        std::fs::write(&file, text).unwrap();
        let said = Settings::read(Some(&file), &flags(&[])).unwrap();
        assert_eq!(said.secrets_file(), Path::new("keys/s.json"));
        assert!(said.webhooks.allow_private);
        let options = said.options(FileChoice::MustBeThere).webhooks.unwrap();
        assert!(options.allow_private && options.secrets == Path::new("keys/s.json"));
    }
}
