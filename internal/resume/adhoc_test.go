package resume
import ("testing";"testing/synctest";"time";"logferry/extract";"logferry/internal/logsim")
func TestAdhoc(t *testing.T){
 for _,n:=range []int{2000,8000}{ for _,k:=range []int{300,900,1700}{
 synctest.Test(t,func(t *testing.T){
  w,err:=newWorld(logsim.Options{Records:logsim.Records{Count:n},Rate:logsim.Rate{Limit:2000*60/10},Latency:logsim.Latency{List:logsim.Delay{Base:80*time.Millisecond},Detail:logsim.Delay{Base:50*time.Millisecond,Jitter:100*time.Millisecond}}},extract.Options{},extract.Step{Interval:day,Details:extract.DetailsAll})
  if err!=nil{t.Fatal(err)}
  defer w.closed()
  a,_:=w.killed(t.Context(),k)
  b,err:=w.run(t.Context(),0)
  if err!=nil{t.Fatal(err)}
  twice:=a.details+b.details-int64(n)
  t.Logf("n=%d kill=%d twice=%d (%.2f%%) lists=%d+%d journal=%d bytes", n,k,twice,100*float64(twice)/float64(n),a.lists,b.lists,w.disk.size())
 })}}
}
