======== day
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- JSON columns are text: PARSE_JSON makes the type JSON of it
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_files` (
  `line` STRING
)
WITH PARTITION COLUMNS (
  `dt` DATE
)
OPTIONS (
  format = 'CSV',
  field_delimiter = '\x01',
  quote = '',
  compression = 'GZIP',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT
  JSON_VALUE(`line`, '$.log_id') AS `log_id`,
  CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`,
  CAST(JSON_VALUE(`line`, '$.duration_ms') AS INT64) AS `duration_ms`,
  CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`,
  JSON_QUERY(`line`, '$.request') AS `request`,
  CAST(JSON_VALUE(`line`, '$.score') AS FLOAT64) AS `score`,
  CAST(JSON_VALUE(`line`, '$.order') AS BOOL) AS `order`,
  `dt`
FROM `${BIGQUERY_DATASET}`.`logs_files`;

======== day, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- JSON columns are text: PARSE_JSON makes the type JSON of it
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_files` (
  `line` STRING
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'CSV',
  field_delimiter = '\x01',
  quote = '',
  compression = 'GZIP',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT
  JSON_VALUE(`line`, '$.log_id') AS `log_id`,
  CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`,
  CAST(JSON_VALUE(`line`, '$.duration_ms') AS INT64) AS `duration_ms`,
  CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`,
  JSON_QUERY(`line`, '$.request') AS `request`,
  CAST(JSON_VALUE(`line`, '$.score') AS FLOAT64) AS `score`,
  CAST(JSON_VALUE(`line`, '$.order') AS BOOL) AS `order`,
  `dt`,
  `hour`
FROM `${BIGQUERY_DATASET}`.`logs_files`;

======== hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{dt:DATE}/{hour:INT64}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

======== month
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- JSON columns are text: PARSE_JSON makes the type JSON of it
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_files` (
  `line` STRING
)
WITH PARTITION COLUMNS (
  `month` STRING
)
OPTIONS (
  format = 'CSV',
  field_delimiter = '\x01',
  quote = '',
  compression = 'GZIP',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT
  JSON_VALUE(`line`, '$.log_id') AS `log_id`,
  CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`,
  CAST(JSON_VALUE(`line`, '$.duration_ms') AS INT64) AS `duration_ms`,
  CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`,
  JSON_QUERY(`line`, '$.request') AS `request`,
  CAST(JSON_VALUE(`line`, '$.score') AS FLOAT64) AS `score`,
  CAST(JSON_VALUE(`line`, '$.order') AS BOOL) AS `order`,
  `month`
FROM `${BIGQUERY_DATASET}`.`logs_files`;

======== month, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=MONTH --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/{month:STRING}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,score:FLOAT64,order:BOOL'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution'
)
WITH PARTITION COLUMNS (
  `month` STRING
);

======== projects
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- JSON columns are text: PARSE_JSON makes the type JSON of it
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_files` (
  `line` STRING
)
WITH PARTITION COLUMNS (
  `project` STRING,
  `dt` DATE
)
OPTIONS (
  format = 'CSV',
  field_delimiter = '\x01',
  quote = '',
  compression = 'GZIP',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT
  JSON_VALUE(`line`, '$.log_id') AS `log_id`,
  CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`,
  CAST(JSON_VALUE(`line`, '$.duration_ms') AS INT64) AS `duration_ms`,
  CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`,
  JSON_QUERY(`line`, '$.request') AS `request`,
  CAST(JSON_VALUE(`line`, '$.score') AS FLOAT64) AS `score`,
  CAST(JSON_VALUE(`line`, '$.order') AS BOOL) AS `order`,
  `project`,
  `dt`
FROM `${BIGQUERY_DATASET}`.`logs_files`;

======== projects, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=prod/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'
-- as a command: bq load --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=staging/{dt:DATE}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=staging/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
  `request` JSON,
  `project` STRING,
  `score` FLOAT64,
  `order` BOOL
)
PARTITION BY TIMESTAMP_TRUNC(`timestamp`, DAY)
FROM FILES (
  format = 'NEWLINE_DELIMITED_JSON',
  uris = ['gs://my-bucket/agents/tool_execution/project=staging/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=staging'
)
WITH PARTITION COLUMNS (
  `dt` DATE
);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- JSON columns are text: PARSE_JSON makes the type JSON of it
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

CREATE OR REPLACE EXTERNAL TABLE `${BIGQUERY_DATASET}`.`logs_files` (
  `line` STRING
)
WITH PARTITION COLUMNS (
  `project` STRING,
  `dt` DATE,
  `hour` INT64
)
OPTIONS (
  format = 'CSV',
  field_delimiter = '\x01',
  quote = '',
  compression = 'GZIP',
  uris = ['gs://my-bucket/agents/tool_execution/*'],
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution',
  require_hive_partition_filter = true
);

CREATE OR REPLACE VIEW `${BIGQUERY_DATASET}`.`logs` AS
SELECT
  JSON_VALUE(`line`, '$.log_id') AS `log_id`,
  CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`,
  CAST(JSON_VALUE(`line`, '$.duration_ms') AS INT64) AS `duration_ms`,
  CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`,
  JSON_QUERY(`line`, '$.request') AS `request`,
  CAST(JSON_VALUE(`line`, '$.score') AS FLOAT64) AS `score`,
  CAST(JSON_VALUE(`line`, '$.order') AS BOOL) AS `order`,
  `project`,
  `dt`,
  `hour`
FROM `${BIGQUERY_DATASET}`.`logs_files`;

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for bigquery
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- the projects are named: make it anew when another is declared
-- as a command: bq load --replace --source_format=NEWLINE_DELIMITED_JSON --time_partitioning_field=timestamp --time_partitioning_type=DAY --hive_partitioning_mode=CUSTOM --hive_partitioning_source_uri_prefix='gs://my-bucket/agents/tool_execution/project=prod/{dt:DATE}/{hour:INT64}' '${BIGQUERY_DATASET}.logs' 'gs://my-bucket/agents/tool_execution/project=prod/*' 'log_id:STRING,timestamp:TIMESTAMP,duration_ms:INT64,instant_charge:NUMERIC,request:JSON,project:STRING,score:FLOAT64,order:BOOL'
-- fill in ${BIGQUERY_DATASET}: the dataset of the table; --table dataset.name says it, too

LOAD DATA OVERWRITE `${BIGQUERY_DATASET}`.`logs` (
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
  hive_partition_uri_prefix = 'gs://my-bucket/agents/tool_execution/project=prod'
)
WITH PARTITION COLUMNS (
  `dt` DATE,
  `hour` INT64
);

