"""The measures of a restored image that scores may have, and which way each is better."""

HIGHER_IS_BETTER = {"mse": False, "psnr": True, "ssim": True, "accuracy": True}
RANGE = {"mse": (0.0, 1.0), "psnr": (-float("inf"), 100.0), "ssim": (-1.0, 1.0), "accuracy": (0.0, 1.0)}  # of a mean
OF_LABELS = ["accuracy"]  # those that ask whether an image shows its class
UNITS = {"mse": "MSE", "psnr": "PSNR, dB", "ssim": "SSIM", "accuracy": "accuracy"}
