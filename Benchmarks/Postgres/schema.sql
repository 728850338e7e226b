-- What P4 is compared with: the columns and the two indexes of albatross.event, and nothing of what makes it an event
-- store: no order of commits, no expected versions, no row-level security, no checksum.
SET client_min_messages = warning;
DROP TABLE IF EXISTS plain_event;
CREATE TABLE plain_event (
  position bigserial PRIMARY KEY,
  version bigint NOT NULL,
  recorded_at bigint NOT NULL,
  crc bigint NOT NULL,
  schema bigint NOT NULL,
  tenant uuid NOT NULL,
  stream uuid NOT NULL,
  event_id uuid NOT NULL,
  correlation uuid NOT NULL,
  causation uuid,
  category text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  payload bytea NOT NULL,
  UNIQUE (tenant, category, stream, version)
);
