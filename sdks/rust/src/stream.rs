//! Server-sent events, as far as they are needed: what has data, and the last id.

/// More than any event needs: what is longer is no stream of ours.
const LONGEST: usize = 1 << 20;

/// What a piece of the stream told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// An event with data has ended.
    Event,
    /// The id of the last event.
    Id(String),
    /// This is no stream of events.
    Nonsense,
}

/// Reads pieces as they come, wherever they are cut.
#[derive(Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    after_return: bool,
    id: Option<String>,
    data: bool,
}

impl Events {
    pub(crate) fn read(&mut self, piece: &[u8]) -> Vec<Told> {
        let mut told = Vec::new();
        for byte in piece {
            match byte {
                b'\n' if self.after_return => {}
                b'\n' | b'\r' => self.line_ends(&mut told),
                _ if self.line.len() >= LONGEST => return vec![Told::Nonsense],
                _ => self.line.push(*byte),
            }
            self.after_return = *byte == b'\r';
        }
        told
    }

    fn line_ends(&mut self, told: &mut Vec<Told>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            if let Some(id) = self.id.take() {
                told.push(Told::Id(id));
            }
            if std::mem::take(&mut self.data) {
                told.push(Told::Event);
            }
        } else if line.starts_with(b"data:") {
            self.data = true;
        } else if let Some(id) = line.strip_prefix(b"id:") {
            self.id = std::str::from_utf8(id)
                .ok()
                .map(|id| id.trim_start().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_the_pieces_are_cut() {
        let text = b":\n\nevent: change\nid: 41\ndata: {\"seq\": 41}\n\nid: 42\r\ndata:{}\r\n\r\n: comment\n\nid: 43\n\n";
        let whole = vec![
            Told::Id("41".to_owned()),
            Told::Event,
            Told::Id("42".to_owned()),
            Told::Event,
            Told::Id("43".to_owned()),
        ];
        for length in 1..text.len() {
            let mut events = Events::default();
            let told: Vec<Told> = text
                .chunks(length)
                .flat_map(|piece| events.read(piece))
                .collect();
            assert_eq!(told, whole, "in pieces of {length}");
        }
        assert_eq!(
            Events::default().read(&vec![b'x'; LONGEST + 1]),
            [Told::Nonsense]
        );
    }
}
