package transform

import "logferry/internal/table"

// The built-in columns, in the order of the schema.
const (
	colLogID = iota
	colTimestamp
	colType
	colStatus
	colLevel
	colMessage
	colToolSlug
	colToolkitSlug
	colUserID
	colConnectedAccountID
	colAuthConfigID
	colSandboxID
	colSessionID
	colTraceID
	colRequestID
	colParentLogID
	colParentToolSlug
	colDurationMS
	colStartTime
	colEndTime
	colSourceHost
	colSourceFramework
	colSourceLanguage
	colInstantCharge
	colRequest
	colResponse
	colData
	colMetadata
	colMetrics
	colExtra
	colDetail
	builtinCount
)

var builtin = [builtinCount]table.Column{
	colLogID:              {Name: "log_id", Kind: table.String, Required: true, Lookup: true},
	colTimestamp:          {Name: "timestamp", Kind: table.Timestamp, Required: true},
	colType:               {Name: "type", Kind: table.String, Repeats: true},
	colStatus:             {Name: "status", Kind: table.String, Repeats: true},
	colLevel:              {Name: "level", Kind: table.String, Repeats: true},
	colMessage:            {Name: "message", Kind: table.String},
	colToolSlug:           {Name: "tool_slug", Kind: table.String, Repeats: true},
	colToolkitSlug:        {Name: "toolkit_slug", Kind: table.String, Repeats: true},
	colUserID:             {Name: "user_id", Kind: table.String, Repeats: true, Lookup: true},
	colConnectedAccountID: {Name: "connected_account_id", Kind: table.String, Repeats: true},
	colAuthConfigID:       {Name: "auth_config_id", Kind: table.String, Repeats: true},
	colSandboxID:          {Name: "sandbox_id", Kind: table.String, Repeats: true},
	colSessionID:          {Name: "session_id", Kind: table.String, Repeats: true, Lookup: true},
	colTraceID:            {Name: "trace_id", Kind: table.String},
	colRequestID:          {Name: "request_id", Kind: table.String, Lookup: true},
	colParentLogID:        {Name: "parent_log_id", Kind: table.String},
	colParentToolSlug:     {Name: "parent_tool_slug", Kind: table.String, Repeats: true},
	colDurationMS:         {Name: "duration_ms", Kind: table.Int64},
	colStartTime:          {Name: "start_time", Kind: table.Timestamp},
	colEndTime:            {Name: "end_time", Kind: table.Timestamp},
	colSourceHost:         {Name: "source_host", Kind: table.String, Repeats: true},
	colSourceFramework:    {Name: "source_framework", Kind: table.String, Repeats: true},
	colSourceLanguage:     {Name: "source_language", Kind: table.String, Repeats: true},
	colInstantCharge:      {Name: "instant_charge", Kind: table.Decimal},
	colRequest:            {Name: "request", Kind: table.JSON},
	colResponse:           {Name: "response", Kind: table.JSON},
	colData:               {Name: "data", Kind: table.JSON},
	colMetadata:           {Name: "metadata", Kind: table.JSON},
	colMetrics:            {Name: "metrics", Kind: table.JSON},
	colExtra:              {Name: "extra", Kind: table.JSON},
	colDetail:             {Name: "detail", Kind: table.String, Repeats: true},
}

// The columns that only some exports have. Their names are taken in every export, so that a declared column does not
// collide the day they are switched on.
var (
	projectColumn = table.Column{Name: "project", Kind: table.String, Repeats: true}
	rawColumn     = table.Column{Name: "raw", Kind: table.JSON}
)

// partitionNames are the levels of a partition's path: a reader of the files sees them as columns.
var partitionNames = []string{"dt", "hour", "month", "project"}

// memberColumn says which column a member of an object goes to.
type memberColumn struct {
	member string
	column int
}

// The objects that are taken apart. What has no column here stays in `extra` under the object's name.
var (
	contextColumns = []memberColumn{{"session_id", colSessionID}, {"trace_id", colTraceID}, {"request_id", colRequestID}}
	sourceColumns  = []memberColumn{{"host", colSourceHost}, {"framework", colSourceFramework}, {"language", colSourceLanguage}}
	parentColumns  = []memberColumn{{"log_id", colParentLogID}, {"tool_slug", colParentToolSlug}}
	timingsColumns = []memberColumn{{"start_time", colStartTime}, {"end_time", colEndTime}}
)

// maxMembers is the length of the longest of these lists.
const maxMembers = 3
