======== day
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/dt=*/*.parquet
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}/{hour:INT64}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=MONTH --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{month:STRING}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_prod` (
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

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_staging` (
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

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT * FROM `${BIGQUERY_DATASET}`.`logs_prod`
UNION ALL
SELECT * FROM `${BIGQUERY_DATASET}`.`logs_staging`;

======== projects, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/*.parquet
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=prod/*'
-- as a command: bq load --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=staging/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=staging/*'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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

LOAD DATA INTO `${BIGQUERY_DATASET}`.`logs` (
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
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_prod` (
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

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT * FROM `${BIGQUERY_DATASET}`.`logs_prod`;

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: parquet (zstd), tool_execution/project=*/dt=*/hour=*/*.parquet
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=PARQUET --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}/{hour:INT64}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=prod/*'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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

