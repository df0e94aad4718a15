======== day
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/dt=*/*.parquet

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

======== day, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- as a command: bq load --replace --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/*'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

======== hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/dt=*/hour=*/*.parquet
-- as a command: bq load --replace --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}/{hour:INT64}' 'logs' 'gs://my-bucket/agents/tool_execution/*'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

======== month
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/month=*/*.parquet

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `month` STRING
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

======== month, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/month=*/*.parquet
-- as a command: bq load --replace --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{month:STRING}' 'logs' 'gs://my-bucket/agents/tool_execution/*'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, MONTH)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `month` STRING
);

======== projects
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- the projects are named: make it anew when another is declared

CREATE OR REPLACE EXTERNAL TABLE `logs_prod` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  require_hive_partition_filter = true
);

CREATE OR REPLACE EXTERNAL TABLE `logs_staging` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=staging/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=staging',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `logs` AS
SELECT * FROM `logs_prod`
UNION ALL
SELECT * FROM `logs_staging`;

======== projects, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/project=prod/*'
-- as a command: bq load --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=staging/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/project=staging/*'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

LOAD DATA INTO `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=staging/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=staging'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- the projects are named: make it anew when another is declared

CREATE OR REPLACE EXTERNAL TABLE `logs_prod` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `logs` AS
SELECT * FROM `logs_prod`;

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=PARQUET --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}/{hour:INT64}' 'logs' 'gs://my-bucket/agents/tool_execution/project=prod/*'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` STRING,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'PARQUET',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

