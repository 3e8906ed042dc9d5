package scan
import ("testing";"os";"runtime";"syscall";"time";"github.com/loggate/loggate/internal/rules")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(1,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func best(f func()) time.Duration { runtime.LockOSThread(); b:=time.Hour; for range 10 { t:=cpu(); f(); b=min(b,cpu()-t) }; return b }
func TestSpeed(t *testing.T){
 s,_:=rules.Builtin()
 data,_:=os.ReadFile("/tmp/speed/unit.log")
 mb:=float64(len(data))/1e6
 for _,n:=range []int{32<<10,1<<20} {
 var m0,m1 runtime.MemStats
 runtime.ReadMemStats(&m0)
 d:=best(func(){ sc:=New(s,Options{}); for p:=data; len(p)>0; { n:=min(len(p),n); sc.Write(p[:n]); p=p[n:] }; sc.Finish(Outcome{}) })
 runtime.ReadMemStats(&m1)
 t.Logf("%d: %v %.0f MB/s, %d allocs %d MB",n,d,mb/d.Seconds(),(m1.Mallocs-m0.Mallocs)/10,(m1.TotalAlloc-m0.TotalAlloc)/10e6)
 }
}
