======== day
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== day, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== hour
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/hour=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== hour, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/dt=*/hour=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== month
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/month=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/month=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== month, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/month=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/month=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== projects
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== projects, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/hour=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for clickhouse
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
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
  'https://my-bucket.s3.eu-central-1.amazonaws.com/agents/tool_execution/project=*/dt=*/hour=*/*.parquet',
  'Parquet',
  '`log_id` String, `timestamp` DateTime64(6, \'UTC\'), `duration_ms` Nullable(Int64), `instant_charge` Nullable(Decimal(18,9)), `request` Nullable(String), `score` Nullable(Float64), `order` Nullable(Bool)'
);

