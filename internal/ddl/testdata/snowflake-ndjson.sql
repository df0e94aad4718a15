======== day
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there
-- ALTER EXTERNAL TABLE "LOGS" REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE EXTERNAL TABLE "LOGS" (
  "LOG_ID" VARCHAR AS (value:"log_id"::VARCHAR),
  "TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6)),
  "DURATION_MS" NUMBER(19,0) AS (value:"duration_ms"::NUMBER(19,0)),
  "INSTANT_CHARGE" NUMBER(18,9) AS (value:"instant_charge"::NUMBER(18,9)),
  "REQUEST" VARCHAR AS (value:"request"::VARCHAR),
  "SCORE" FLOAT AS (value:"score"::FLOAT),
  "ORDER" BOOLEAN AS (value:"order"::BOOLEAN),
  "DT" DATE AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/[^/]+$', 1, 1, 'e', 2)::DATE)
)
PARTITION BY ("DT")
LOCATION = @"LOGS_STAGE"
REFRESH_ON_CREATE = TRUE
AUTO_REFRESH = FALSE
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== day, load
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/dt=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE TABLE "LOGS" (
  "LOG_ID" VARCHAR,
  "TIMESTAMP" TIMESTAMP_NTZ(6),
  "DURATION_MS" NUMBER(19,0),
  "INSTANT_CHARGE" NUMBER(18,9),
  "REQUEST" VARCHAR,
  "SCORE" FLOAT,
  "ORDER" BOOLEAN,
  "DT" DATE
);

COPY INTO "LOGS"
FROM (
  SELECT
    $1:"log_id"::VARCHAR,
    $1:"timestamp"::TIMESTAMP_NTZ(6),
    $1:"duration_ms"::NUMBER(19,0),
    $1:"instant_charge"::NUMBER(18,9),
    $1:"request"::VARCHAR,
    $1:"score"::FLOAT,
    $1:"order"::BOOLEAN,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/[^/]+$', 1, 1, 'e', 2)::DATE
  FROM @"LOGS_STAGE"
)
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== hour
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there
-- ALTER EXTERNAL TABLE "LOGS" REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE EXTERNAL TABLE "LOGS" (
  "LOG_ID" VARCHAR AS (value:"log_id"::VARCHAR),
  "TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6)),
  "DURATION_MS" NUMBER(19,0) AS (value:"duration_ms"::NUMBER(19,0)),
  "INSTANT_CHARGE" NUMBER(18,9) AS (value:"instant_charge"::NUMBER(18,9)),
  "REQUEST" VARCHAR AS (value:"request"::VARCHAR),
  "SCORE" FLOAT AS (value:"score"::FLOAT),
  "ORDER" BOOLEAN AS (value:"order"::BOOLEAN),
  "DT" DATE AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/hour=[^/]+/[^/]+$', 1, 1, 'e', 2)::DATE),
  "HOUR" NUMBER(2,0) AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)hour=([^/]+)/[^/]+$', 1, 1, 'e', 2)::NUMBER(2,0))
)
PARTITION BY ("DT", "HOUR")
LOCATION = @"LOGS_STAGE"
REFRESH_ON_CREATE = TRUE
AUTO_REFRESH = FALSE
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== hour, load
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/dt=*/hour=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE TABLE "LOGS" (
  "LOG_ID" VARCHAR,
  "TIMESTAMP" TIMESTAMP_NTZ(6),
  "DURATION_MS" NUMBER(19,0),
  "INSTANT_CHARGE" NUMBER(18,9),
  "REQUEST" VARCHAR,
  "SCORE" FLOAT,
  "ORDER" BOOLEAN,
  "DT" DATE,
  "HOUR" NUMBER(2,0)
);

COPY INTO "LOGS"
FROM (
  SELECT
    $1:"log_id"::VARCHAR,
    $1:"timestamp"::TIMESTAMP_NTZ(6),
    $1:"duration_ms"::NUMBER(19,0),
    $1:"instant_charge"::NUMBER(18,9),
    $1:"request"::VARCHAR,
    $1:"score"::FLOAT,
    $1:"order"::BOOLEAN,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/hour=[^/]+/[^/]+$', 1, 1, 'e', 2)::DATE,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)hour=([^/]+)/[^/]+$', 1, 1, 'e', 2)::NUMBER(2,0)
  FROM @"LOGS_STAGE"
)
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== month
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there
-- ALTER EXTERNAL TABLE "LOGS" REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE EXTERNAL TABLE "LOGS" (
  "LOG_ID" VARCHAR AS (value:"log_id"::VARCHAR),
  "TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6)),
  "DURATION_MS" NUMBER(19,0) AS (value:"duration_ms"::NUMBER(19,0)),
  "INSTANT_CHARGE" NUMBER(18,9) AS (value:"instant_charge"::NUMBER(18,9)),
  "REQUEST" VARCHAR AS (value:"request"::VARCHAR),
  "SCORE" FLOAT AS (value:"score"::FLOAT),
  "ORDER" BOOLEAN AS (value:"order"::BOOLEAN),
  "MONTH" VARCHAR AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)month=([^/]+)/[^/]+$', 1, 1, 'e', 2))
)
PARTITION BY ("MONTH")
LOCATION = @"LOGS_STAGE"
REFRESH_ON_CREATE = TRUE
AUTO_REFRESH = FALSE
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== month, load
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/month=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE TABLE "LOGS" (
  "LOG_ID" VARCHAR,
  "TIMESTAMP" TIMESTAMP_NTZ(6),
  "DURATION_MS" NUMBER(19,0),
  "INSTANT_CHARGE" NUMBER(18,9),
  "REQUEST" VARCHAR,
  "SCORE" FLOAT,
  "ORDER" BOOLEAN,
  "MONTH" VARCHAR
);

COPY INTO "LOGS"
FROM (
  SELECT
    $1:"log_id"::VARCHAR,
    $1:"timestamp"::TIMESTAMP_NTZ(6),
    $1:"duration_ms"::NUMBER(19,0),
    $1:"instant_charge"::NUMBER(18,9),
    $1:"request"::VARCHAR,
    $1:"score"::FLOAT,
    $1:"order"::BOOLEAN,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)month=([^/]+)/[^/]+$', 1, 1, 'e', 2)
  FROM @"LOGS_STAGE"
)
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== projects
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there
-- ALTER EXTERNAL TABLE "LOGS" REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE EXTERNAL TABLE "LOGS" (
  "LOG_ID" VARCHAR AS (value:"log_id"::VARCHAR),
  "TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6)),
  "DURATION_MS" NUMBER(19,0) AS (value:"duration_ms"::NUMBER(19,0)),
  "INSTANT_CHARGE" NUMBER(18,9) AS (value:"instant_charge"::NUMBER(18,9)),
  "REQUEST" VARCHAR AS (value:"request"::VARCHAR),
  "SCORE" FLOAT AS (value:"score"::FLOAT),
  "ORDER" BOOLEAN AS (value:"order"::BOOLEAN),
  "PROJECT" VARCHAR AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)project=([^/]+)/dt=[^/]+/[^/]+$', 1, 1, 'e', 2)),
  "DT" DATE AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/[^/]+$', 1, 1, 'e', 2)::DATE)
)
PARTITION BY ("PROJECT", "DT")
LOCATION = @"LOGS_STAGE"
REFRESH_ON_CREATE = TRUE
AUTO_REFRESH = FALSE
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== projects, load
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/project=*/dt=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE TABLE "LOGS" (
  "LOG_ID" VARCHAR,
  "TIMESTAMP" TIMESTAMP_NTZ(6),
  "DURATION_MS" NUMBER(19,0),
  "INSTANT_CHARGE" NUMBER(18,9),
  "REQUEST" VARCHAR,
  "SCORE" FLOAT,
  "ORDER" BOOLEAN,
  "PROJECT" VARCHAR,
  "DT" DATE
);

COPY INTO "LOGS"
FROM (
  SELECT
    $1:"log_id"::VARCHAR,
    $1:"timestamp"::TIMESTAMP_NTZ(6),
    $1:"duration_ms"::NUMBER(19,0),
    $1:"instant_charge"::NUMBER(18,9),
    $1:"request"::VARCHAR,
    $1:"score"::FLOAT,
    $1:"order"::BOOLEAN,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)project=([^/]+)/dt=[^/]+/[^/]+$', 1, 1, 'e', 2),
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/[^/]+$', 1, 1, 'e', 2)::DATE
  FROM @"LOGS_STAGE"
)
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== projects-hour
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there
-- ALTER EXTERNAL TABLE "LOGS" REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE EXTERNAL TABLE "LOGS" (
  "LOG_ID" VARCHAR AS (value:"log_id"::VARCHAR),
  "TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6)),
  "DURATION_MS" NUMBER(19,0) AS (value:"duration_ms"::NUMBER(19,0)),
  "INSTANT_CHARGE" NUMBER(18,9) AS (value:"instant_charge"::NUMBER(18,9)),
  "REQUEST" VARCHAR AS (value:"request"::VARCHAR),
  "SCORE" FLOAT AS (value:"score"::FLOAT),
  "ORDER" BOOLEAN AS (value:"order"::BOOLEAN),
  "PROJECT" VARCHAR AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)project=([^/]+)/dt=[^/]+/hour=[^/]+/[^/]+$', 1, 1, 'e', 2)),
  "DT" DATE AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/hour=[^/]+/[^/]+$', 1, 1, 'e', 2)::DATE),
  "HOUR" NUMBER(2,0) AS (REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)hour=([^/]+)/[^/]+$', 1, 1, 'e', 2)::NUMBER(2,0))
)
PARTITION BY ("PROJECT", "DT", "HOUR")
LOCATION = @"LOGS_STAGE"
REFRESH_ON_CREATE = TRUE
AUTO_REFRESH = FALSE
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

======== projects-hour, load
-- logferry: pipeline nightly, sink lake, for snowflake
-- files: ndjson (gzip), tool_execution/project=*/dt=*/hour=*/*.ndjson.gz
-- times are those of UTC
-- an external table, a view and a loaded table do not replace one another: give a load a name of its own, or drop the other kind first
-- fill in ${SNOWFLAKE_STORAGE_INTEGRATION}: the storage integration that may read the bucket

CREATE OR REPLACE STAGE "LOGS_STAGE"
  URL = 's3://my-bucket/agents/tool_execution/'
  STORAGE_INTEGRATION = ${SNOWFLAKE_STORAGE_INTEGRATION};

CREATE OR REPLACE TABLE "LOGS" (
  "LOG_ID" VARCHAR,
  "TIMESTAMP" TIMESTAMP_NTZ(6),
  "DURATION_MS" NUMBER(19,0),
  "INSTANT_CHARGE" NUMBER(18,9),
  "REQUEST" VARCHAR,
  "SCORE" FLOAT,
  "ORDER" BOOLEAN,
  "PROJECT" VARCHAR,
  "DT" DATE,
  "HOUR" NUMBER(2,0)
);

COPY INTO "LOGS"
FROM (
  SELECT
    $1:"log_id"::VARCHAR,
    $1:"timestamp"::TIMESTAMP_NTZ(6),
    $1:"duration_ms"::NUMBER(19,0),
    $1:"instant_charge"::NUMBER(18,9),
    $1:"request"::VARCHAR,
    $1:"score"::FLOAT,
    $1:"order"::BOOLEAN,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)project=([^/]+)/dt=[^/]+/hour=[^/]+/[^/]+$', 1, 1, 'e', 2),
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)dt=([^/]+)/hour=[^/]+/[^/]+$', 1, 1, 'e', 2)::DATE,
    REGEXP_SUBSTR(METADATA$FILENAME, '(^|/)hour=([^/]+)/[^/]+$', 1, 1, 'e', 2)::NUMBER(2,0)
  FROM @"LOGS_STAGE"
)
PATTERN = '.*[.]ndjson[.]gz'
FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP);

