-- What people gave answers: one mark for each person and question, the newest. `source` is the
-- dataset whose case was seen, so that redacting it takes the notes along.
CREATE TABLE marks (
    project  BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    question BLOB NOT NULL,
    person   BLOB NOT NULL,
    at       INTEGER NOT NULL,
    kept     INTEGER NOT NULL,            -- when it came to this computer
    mark     TEXT NOT NULL,
    source   BLOB NOT NULL,
    PRIMARY KEY (project, question, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_kept ON marks(project, kept);
CREATE INDEX marks_source ON marks(source);
