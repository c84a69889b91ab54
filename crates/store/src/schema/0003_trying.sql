-- Conversations with a draft, tried out on this computer alone.
CREATE TABLE playgrounds (
    id       BLOB PRIMARY KEY NOT NULL,
    project  BLOB NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    prompt   TEXT NOT NULL,             -- the prompt's id; its draft's while it has no version
    title    TEXT NOT NULL,
    body     TEXT NOT NULL,
    typed    TEXT NOT NULL,             -- what stands in the field and is not said yet
    revision INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
) STRICT;
CREATE INDEX playgrounds_of ON playgrounds(project, prompt, updated);

-- What was sent for an answer and what came back, compressed. It goes with the answer, and before it.
CREATE TABLE exchanges (
    answer BLOB PRIMARY KEY NOT NULL REFERENCES answers(digest) ON DELETE CASCADE,
    bytes  BLOB NOT NULL,
    size   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER exchanges_added AFTER INSERT ON exchanges BEGIN
    UPDATE answers_size SET bytes = bytes + new.size;
END;
CREATE TRIGGER exchanges_gone AFTER DELETE ON exchanges BEGIN
    UPDATE answers_size SET bytes = bytes - old.size;
END;
