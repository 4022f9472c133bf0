package breezesim

// Words of the login pages. Those that are known are constants of breezewire; these were never recorded (5.5, section 8
// of the paper) and are invented, in the sense of the ones that are.
const (
	textWrongPassword = "Invalid User Id or Password. Please try again."
	textLocked        = "Your account has been locked due to 5 invalid login attempts. Please try again tomorrow or unlock it on the website."
	textWrongTOTP     = "Invalid TOTP. Please enter the code that your authenticator shows now."
	textWrongOTP      = "Invalid OTP. Please try again."
	textTerms         = "Please accept the terms and conditions to proceed."
	textStaticIP      = "Access denied: requests for this API key are allowed from its registered static IP address only."
	textNoSession     = "You are logged in. Your request could not be completed."
)

// outagePage is nginx's own (1.6, issue #170).
const outagePage = `<!DOCTYPE html>
<html>
<head>
<title>Error</title>
</head>
<body>
<h1>An error occurred.</h1>
<p>Sorry, the page you are looking for is currently unavailable.<br/>
Please try again later.</p>
<p>If you are the system administrator of this resource then you should check the error log for details.</p>
<p><em>Faithfully yours, nginx.</em></p>
</body>
</html>
`

const (
	badGatewayPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	throttledPage  = "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body>\r\n<center><h1>429 Too Many Requests</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
