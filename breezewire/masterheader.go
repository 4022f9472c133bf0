package breezewire

import "strings"

// The headers of the members as ICICI writes them, in their order (4.2): SDKs read columns by position. CDNSE has the
// contracts' header. Checked against the files of 2026-07-30.
var (
	nseColumns = strings.Split(""+
		"Token,ShortName,Series,CompanyName,ticksize,Lotsize,DateOfListing,DateOfDeListing,IssuePrice,FaceValue,"+
		"ISINCode,52WeeksHigh,52WeeksLow,LifeTimeHigh,LifeTimeLow,HighDate,LowDate,Symbol,InstrumentType,"+
		"PermittedToTrade,IssueCapital,WarningPercent,FreezePercent,CreditRating,IssueRate,IssueStartDate,"+
		"InterestPaymentDate,IssueMaturityDate,BoardLotQty,Name,ListingDate,ExpulsionDate,ReAdmissionDate,"+
		"RecordDate,ExpiryDate,NoDeliveryStartDate,NoDeliveryEndDate,MFill,AON,ParticipantInMarketIndex,"+
		"BookClsStartDate,BookClsEndDate,EGM,AGM,Interest,Bonus,Rights,Dividends,LocalUpdateDateTime,DeleteFlag,"+
		"Remarks,NormalMarketStatus,OddLotMarketStatus,SpotMarketStatus,AuctionMarketStatus,"+
		"NormalMarketEligibility,OddLotlMarketEligibility,SpotMarketEligibility,AuctionlMarketEligibility,"+
		"MarginPercentage,ExchangeCode", ",")
	bseColumns = strings.Split(""+
		"Token,ShortName,Series,CompanyName,TickSize,LotSize,ScripCode,MarketLot,BCastFlag,AVMBuyMargin,"+
		"AVMSellMargin,ScripID,ScripName,GroupName,NdFlag,NDSDate,NDEDate,SuspStatus,avmflag,SuspensionReason,"+
		"Suspensiondate,DateOfListing,DateOfDeListing,IssuePrice,FaceValue,ISINCode,52WeeksHigh,52WeeksLow,"+
		"LifeTimeHigh,LifeTimeLow,HighDate,LowDate,MarginPercentage,ExchangeCode", ",")
	contractColumns = strings.Split(""+
		"Token,InstrumentName,ShortName,Series,ExpiryDate,StrikePrice,OptionType,CALevel,PermittedToTrade,"+
		"IssueCapital,WarningQty,FreezeQty,CreditRating,NormalMarketStatus,OddLotMarketStatus,SpotMarketStatus,"+
		"AuctionMarketStatus,NormalMarketEligibility,OddLotMarketEligibility,SpotMarketEligibility,"+
		"AuctionMarketEligibility,IssueRate,IssueStartDate,InterestPaymentDate,IssueMaturityDate,MarginPercentage,"+
		"MinimumLotQty,LotSize,TickSize,CompanyName,ListingDate,ExpulsionDate,ReAdmissionDate,RecordDate,"+
		"LowPriceRange,HighPriceRange,SecurityExpiryDate,NoDeliveryStartDate,NoDeliveryEndDate,MF,AON,"+
		"ParticipantInMarketIndex,BookClsStartDate,BookClsEndDate,ExcerciseStartDate,ExcerciseEndDate,OldToken,"+
		"AssetInstrument,AssetName,AssetToken,IntrinsicValue,ExtrinsicValue,ExcerciseStyle,EGM,AGM,Interest,Bonus,"+
		"Rights,Dividends,ExAllowed,ExRejectionAllowed,PlAllowed,IsThisAsset,IsCorpAdjusted,LocalUpdateDatetime,"+
		"DeleteFlag,Remarks,BasePrice,ExchangeCode", ",")
)

// headerOf returns the columns and the separator of a member's header line; NSE's alone has a space after each comma.
func headerOf(m MasterMember) (columns []string, separator string) {
	switch m {
	case MasterNSE:
		return nseColumns, ", "
	case MasterBSE:
		return bseColumns, ","
	case MasterNFO, MasterBFO, MasterNDX:
		return contractColumns, ","
	default:
		return nil, ""
	}
}
