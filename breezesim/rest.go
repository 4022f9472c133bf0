package breezesim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"paperport/breezewire"
)

// answer is a reply of the REST API.
type answer struct {
	status int
	body   []byte
}

func success(v any) *answer {
	body, err := breezewire.Success(v)
	if err != nil {
		panic("breezesim: " + err.Error())
	}
	return &answer{http.StatusOK, body}
}

// failure is an application error: HTTP 200, status 500 (1.6).
func failure(text string) *answer { return &answer{http.StatusOK, breezewire.Failure(500, text)} }

// badChecksum is the gateway's answer to a request it does not believe (1.6, 1.7).
func badChecksum() *answer {
	return &answer{http.StatusUnauthorized, breezewire.GatewayFailure(breezewire.TextInvalidChecksum)}
}

// Texts of ours, where the real answer is of no use to imitate.
const (
	textNoOrders  = "This simulator takes no orders"
	textNotHere   = "Not available in this simulator"
	textNotFound  = "Resource not found"
	textMalformed = "Invalid request body"
)

const (
	v1     = "/breezeapi/api/v1/"
	v2     = "/api/v2/historicalcharts"
	master = "/MotherAppMaster/SecurityMaster.zip"
	// oldMaster is still linked by ICICI's documents (1.1).
	oldMaster = "/NewSecurityMaster/SecurityMaster.zip"
	// oldScripts is the folder of the members as plain files, which the JS SDK's getNames downloads.
	oldScripts = "/Content/File/txtFile/ScripFile/"

	bodyMax = 64 << 10
)

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc(v1+"{endpoint}", s.serveV1)
	mux.HandleFunc("GET "+v2, s.serveV2)
	mux.HandleFunc("GET "+master, s.serveMaster)
	mux.HandleFunc("GET "+oldMaster, s.serveMaster)
	mux.HandleFunc("GET "+oldScripts+"{member}", s.serveMember)
	mux.HandleFunc("POST "+handPath, s.serveHand)
	mux.HandleFunc("POST "+accountPath, s.serveAccount)
	s.routeLogin(mux)
	mux.Handle("GET /socket.io/", s.quotes)
	mux.Handle("GET /ohlcvstream/", s.candles)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, &answer{http.StatusNotFound, breezewire.Failure(http.StatusNotFound, textNotFound)})
	})
	return mux
}

func reply(w http.ResponseWriter, a *answer) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client went away
}

// serveV1 answers the signed API; GET and DELETE carry a body too (1.3).
func (s *Server) serveV1(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil {
		reply(w, failure(textMalformed))
		return
	}
	endpoint := r.PathValue("endpoint")
	if endpoint == "customerdetails" && r.Method == http.MethodGet {
		var q breezewire.CustomerRequest
		err := json.Unmarshal(body, &q)
		if s.meet(w, r, string(q.AppKey)) {
			return
		}
		if err != nil {
			reply(w, failure(breezewire.TextInvalidSession))
			return
		}
		reply(w, s.customer(q))
		return
	}
	if s.meet(w, r, r.Header.Get(breezewire.HeaderAppKey)) {
		return
	}
	if refused := s.check(r, body); refused != nil {
		reply(w, refused)
		return
	}
	reply(w, s.answerV1(r.Method, strings.ToLower(endpoint), body))
}

func (s *Server) answerV1(method, endpoint string, body []byte) *answer {
	if method != http.MethodGet {
		return s.answerWrite(endpoint)
	}
	switch endpoint {
	case "quotes":
		return s.quote(body)
	case "optionchain":
		return s.chain(body)
	case "historicalcharts":
		return s.historyV1(body)
	case "funds":
		return success(demoFunds)
	case "margin":
		return success(demoMargin)
	case "dematholdings", "portfolioholdings", "portfoliopositions", "order", "trades", "gttorder":
		return success([]struct{}{})
	case "preview_order":
		return failure(textNotHere)
	default:
		return &answer{http.StatusNotFound, breezewire.Failure(http.StatusNotFound, textNotFound)}
	}
}

// answerWrite refuses what is not a read: orders with their own words, the calculators as not available.
func (s *Server) answerWrite(endpoint string) *answer {
	switch endpoint {
	case "order", "squareoff", "gttorder":
		return failure(textNoOrders)
	case "margincalculator", "fnolmtpriceandqtycal", "funds", "margin":
		return failure(textNotHere)
	default:
		return &answer{http.StatusNotFound, breezewire.Failure(http.StatusNotFound, textNotFound)}
	}
}

// demoFunds and demoMargin are the empty account behind the demo key; paper money lives in PaperPort, not here.
var (
	demoFunds  = breezewire.Funds{BankAccount: "000000000000"}
	demoMargin = struct {
		LimitList       []struct{}         `json:"limit_list"`
		CashLimit       breezewire.Decimal `json:"cash_limit"`
		AmountAllocated breezewire.Decimal `json:"amount_allocated"`
		BlockByTrade    breezewire.Decimal `json:"block_by_trade"`
		ISECMargin      breezewire.Decimal `json:"isec_margin"`
	}{LimitList: []struct{}{}}
)
