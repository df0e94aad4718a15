package logsim

// Each purpose of random numbers has its own stream, so that one switch does not change what another decides.
const (
	saltTime uint64 = iota + 1
	saltTimeForm
	saltTraffic
	saltBurst
	saltID
	saltGroup
	saltOwner
	saltRecord
	saltShape
	saltOdd
	saltUnreadable
	saltPayload
	saltText
	saltOrder
	saltLate
	saltUsage
	saltFault
	saltDetailFate
	saltLatency
	saltProject
	saltSession
	saltRequest
	saltScenario
)
