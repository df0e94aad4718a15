======== day
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE VIEW `logs` AS
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  toDate(extract(_path, '/dt=([^/]+)/[^/]+$')) AS `dt`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== day, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE TABLE `logs` (
  `log_id` String,
  `timestamp` DateTime64(6, 'UTC'),
  `duration_ms` Nullable(Int64),
  `instant_charge` Nullable(Decimal(18,9)),
  `request` Nullable(String),
  `score` Nullable(Float64),
  `order` Nullable(Bool),
  `dt` Date
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`timestamp`, `log_id`);

INSERT INTO `logs`
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  toDate(extract(_path, '/dt=([^/]+)/[^/]+$')) AS `dt`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== hour
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE VIEW `logs` AS
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  toDate(extract(_path, '/dt=([^/]+)/hour=[^/]+/[^/]+$')) AS `dt`,
  toUInt8(extract(_path, '/hour=([^/]+)/[^/]+$')) AS `hour`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/hour=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== hour, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE TABLE `logs` (
  `log_id` String,
  `timestamp` DateTime64(6, 'UTC'),
  `duration_ms` Nullable(Int64),
  `instant_charge` Nullable(Decimal(18,9)),
  `request` Nullable(String),
  `score` Nullable(Float64),
  `order` Nullable(Bool),
  `dt` Date,
  `hour` UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`timestamp`, `log_id`);

INSERT INTO `logs`
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  toDate(extract(_path, '/dt=([^/]+)/hour=[^/]+/[^/]+$')) AS `dt`,
  toUInt8(extract(_path, '/hour=([^/]+)/[^/]+$')) AS `hour`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/hour=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== month
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE VIEW `logs` AS
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/month=([^/]+)/[^/]+$') AS `month`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/month=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== month, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE TABLE `logs` (
  `log_id` String,
  `timestamp` DateTime64(6, 'UTC'),
  `duration_ms` Nullable(Int64),
  `instant_charge` Nullable(Decimal(18,9)),
  `request` Nullable(String),
  `score` Nullable(Float64),
  `order` Nullable(Bool),
  `month` String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`timestamp`, `log_id`);

INSERT INTO `logs`
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/month=([^/]+)/[^/]+$') AS `month`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/month=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== projects
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE VIEW `logs` AS
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/project=([^/]+)/dt=[^/]+/[^/]+$') AS `project`,
  toDate(extract(_path, '/dt=([^/]+)/[^/]+$')) AS `dt`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== projects, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE TABLE `logs` (
  `log_id` String,
  `timestamp` DateTime64(6, 'UTC'),
  `duration_ms` Nullable(Int64),
  `instant_charge` Nullable(Decimal(18,9)),
  `request` Nullable(String),
  `score` Nullable(Float64),
  `order` Nullable(Bool),
  `project` String,
  `dt` Date
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`timestamp`, `log_id`);

INSERT INTO `logs`
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/project=([^/]+)/dt=[^/]+/[^/]+$') AS `project`,
  toDate(extract(_path, '/dt=([^/]+)/[^/]+$')) AS `dt`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== projects-hour
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE VIEW `logs` AS
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/project=([^/]+)/dt=[^/]+/hour=[^/]+/[^/]+$') AS `project`,
  toDate(extract(_path, '/dt=([^/]+)/hour=[^/]+/[^/]+$')) AS `dt`,
  toUInt8(extract(_path, '/hour=([^/]+)/[^/]+$')) AS `hour`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/hour=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- the server's own S3 configuration gives access

CREATE OR REPLACE TABLE `logs` (
  `log_id` String,
  `timestamp` DateTime64(6, 'UTC'),
  `duration_ms` Nullable(Int64),
  `instant_charge` Nullable(Decimal(18,9)),
  `request` Nullable(String),
  `score` Nullable(Float64),
  `order` Nullable(Bool),
  `project` String,
  `dt` Date,
  `hour` UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (`timestamp`, `log_id`);

INSERT INTO `logs`
SELECT
  `log_id`,
  `timestamp`,
  `duration_ms`,
  `instant_charge`,
  `request`,
  `score`,
  `order`,
  extract(_path, '/project=([^/]+)/dt=[^/]+/hour=[^/]+/[^/]+$') AS `project`,
  toDate(extract(_path, '/dt=([^/]+)/hour=[^/]+/[^/]+$')) AS `dt`,
  toUInt8(extract(_path, '/hour=([^/]+)/[^/]+$')) AS `hour`
FROM s3(
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/hour=*/*.ndjson.gz',
  'JSONEachRow',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
)
SETTINGS date_time_input_format = 'best_effort';

