======== day
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

======== day, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

======== hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}/{hour:INT64}' 'logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

======== month
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz

CREATE OR REPLACE EXTERNAL TABLE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `month` STRING
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

======== month, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{month:STRING}' 'logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, MONTH)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `month` STRING
);

======== projects
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- the projects are named: make it anew when another is declared

CREATE OR REPLACE EXTERNAL TABLE `logs_prod` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

CREATE OR REPLACE EXTERNAL TABLE `logs_staging` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=staging/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=staging',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `logs` AS
SELECT * FROM `logs_prod`
UNION ALL
SELECT * FROM `logs_staging`;

======== projects, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/project=prod/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'
-- as a command: bq load --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=staging/{dt:DATE}' 'logs' 'gs://my-bucket/agents/tool_execution/project=staging/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

LOAD DATA INTO `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=staging/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=staging',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- the projects are named: make it anew when another is declared

CREATE OR REPLACE EXTERNAL TABLE `logs_prod` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  compression = 'GZIP',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `logs` AS
SELECT * FROM `logs_prod`;

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}/{hour:INT64}' 'logs' 'gs://my-bucket/agents/tool_execution/project=prod/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'

LOAD DATA OVERWRITE `logs` (
  `log_id` STRING,
  `timestamp` TIMESTAMP,
  `duration_ms` INT64,
  `instant_charge` NUMERIC,
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=prod/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod',
  compression = 'GZIP'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

